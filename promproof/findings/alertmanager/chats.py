"""Webhooks of Alertmanager at the address of a chat that wants another message than Alertmanager's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_receiver, register
from promproof.findings.setup import Alertmanager, Receiver, Setup

_ROUTE = "route: {receiver: chat, group_by: [alertname]}\n"
_URL = "https://discord.com/api/webhooks/1/x"
FOREIGN = register(
    Kind(
        id="alertmanager/foreign-webhook",
        severity=Severity.ERROR,
        title="a webhook at a chat that does not take Alertmanager's message",
        why="webhook_configs sends Alertmanager's own JSON. A chat wants a text in a field of its own and refuses it, "
        "or answers 200 and shows nothing: nobody is told. Alertmanager has integrations for most chats; for the "
        "others a bridge translates.",
        example=f"{_ROUTE}receivers: [{{name: chat, webhook_configs: [{{url: '{_URL}'}}]}}]",
        instead=f"{_ROUTE}receivers: [{{name: chat, discord_configs: [{{webhook_url_file: /run/secrets/discord}}]}}]",
    )
)
_BRIDGE = "send it to a bridge that translates it"
_CHATS = (
    (re.compile(r"https://hooks\.slack\.com/services/"), "Slack", "write slack_configs, with it as api_url"),
    (
        re.compile(r"https://(?:\w+\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/"),
        "Discord",
        "write discord_configs, with it as webhook_url",
    ),
    (
        re.compile(r"https://api\.telegram\.org/bot[^/]*/sendMessage(?!.*[?&]text=)", re.IGNORECASE),
        "Telegram",
        "write telegram_configs, with bot_token and chat_id",
    ),
    (re.compile(r"https://oapi\.dingtalk\.com/robot/send"), "DingTalk", _BRIDGE),
    (re.compile(r"https://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send"), "WeCom", _BRIDGE),
    (re.compile(r"https://open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/"), "Feishu", _BRIDGE),
    (re.compile(r"https://chat\.googleapis\.com/v1/spaces/"), "Google Chat", _BRIDGE),
    (
        re.compile(r"https://(?:outlook\.office(?:365)?\.com/webhook/|[\w-]+\.webhook\.office\.com/)"),
        "Teams",
        "write msteams_configs, with it as webhook_url",
    ),
)
"""Addresses that take messages of their own form only, by the documentation of each."""


@each_receiver(FOREIGN)
def judge(receiver: Receiver, server: Alertmanager, setup: Setup) -> Iterator[Finding]:
    """Webhooks whose body nothing changes on the way."""
    for kind, part in receiver.integrations:
        if kind != "webhook_configs" or "payload" in part or part.part("http_config").text("proxy_url"):
            continue
        for address, chat, todo in _CHATS:
            if address.match(part.text("url")):
                yield FOREIGN.at(
                    part.at("url"),
                    f"{receiver.name!r} sends {chat} Alertmanager's own message, which it does not take",
                    effect="nobody is told",
                    todo=todo,
                    see="curl -X POST -H 'Content-Type: application/json' -d '{\"version\": \"4\"}' URL",
                )
