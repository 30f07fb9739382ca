"""Keys of Alertmanager's file that are nearly one that it knows (config/config.go, config/notifiers.go)."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from promproof.findings.part import Part
from promproof.findings.setup import Alertmanager
from promproof.findings.words import words

INTERVALS = ("mute_time_intervals", "active_time_intervals")
_FILE = words("""
    global templates route receivers inhibit_rules time_intervals mute_time_intervals tracing
""")
_ROUTE = (
    *words("""
    receiver group_by matchers match match_re continue routes group_wait group_interval
    repeat_interval
"""),
    *INTERVALS,
)
_INHIBITION = words("""
    name equal source_match source_match_re source_matchers target_match target_match_re
    target_matchers sources
""")
_GLOBAL = words("""
    resolve_timeout http_config smtp_from smtp_hello smtp_smarthost smtp_auth_username
    smtp_auth_password smtp_auth_password_file smtp_auth_secret smtp_auth_secret_file
    smtp_auth_identity smtp_require_tls smtp_tls_config smtp_force_implicit_tls slack_api_url
    slack_api_url_file slack_app_token slack_app_token_file slack_app_url pagerduty_url
    opsgenie_api_url opsgenie_api_key opsgenie_api_key_file wechat_api_url wechat_api_secret
    wechat_api_secret_file wechat_api_corp_id victorops_api_url victorops_api_key
    victorops_api_key_file telegram_api_url telegram_bot_token telegram_bot_token_file webex_api_url
    rocketchat_api_url rocketchat_token rocketchat_token_file rocketchat_token_id
    rocketchat_token_id_file jira_api_url mattermost_webhook_url mattermost_webhook_url_file
""")
_INTEGRATIONS = {
    "email_configs": words("""
        to from hello smarthost auth_username auth_password auth_password_file auth_secret
        auth_secret_file auth_identity headers html text require_tls tls_config threading
        force_implicit_tls
    """),
    "slack_configs": words("""
        api_url api_url_file app_token app_token_file app_url channel username color title
        title_link pretext text message_text fields short_fields footer fallback callback_id
        icon_emoji icon_url image_url thumb_url link_names mrkdwn_in actions http_config timeout
        update_message
    """),
    "webhook_configs": ("url", "url_file", "http_config", "max_alerts", "timeout", "payload"),
    "pagerduty_configs": words("""
        routing_key routing_key_file service_key service_key_file url client client_url description
        details severity images links source component group class http_config timeout
    """),
    "opsgenie_configs": words("""
        api_key api_key_file api_url message description source details entity responders actions
        tags note priority update_alerts http_config
    """),
    "telegram_configs": words("""
        bot_token bot_token_file chat_id chat_id_file api_url message message_thread_id
        disable_notifications parse_mode http_config
    """),
    "discord_configs": words("""
        webhook_url webhook_url_file title message content username avatar_url http_config
    """),
    "msteams_configs": ("webhook_url", "webhook_url_file", "title", "summary", "text", "http_config"),
    "msteamsv2_configs": ("webhook_url", "webhook_url_file", "title", "text", "http_config"),
}
Misspelt = tuple[Part, str, str]
"""The part, the key in it, and the one that is meant."""


def misspelt(server: Alertmanager) -> Iterator[Misspelt]:
    """The keys of the file, of routes, inhibitions, `global` and receivers that it refuses."""
    yield from _keys(server.part, _FILE)
    yield from _keys(server.part.part("global"), _GLOBAL)
    for route in server.routes:
        yield from _keys(route.part, _ROUTE)
    for inhibition in server.inhibitions:
        yield from _keys(inhibition, _INHIBITION)
    for receiver in server.receivers:
        yield from _keys(receiver.part, ("name", *_INTEGRATIONS, *_OTHERS))
        for kind, part in receiver.integrations:
            if known := _INTEGRATIONS.get(kind):
                yield from _keys(part, ("send_resolved", *known))


_OTHERS = words("""
    victorops_configs pushover_configs sns_configs webex_configs wechat_configs jira_configs
    rocketchat_configs incidentio_configs mattermost_configs
""")


def _keys(part: Part, known: tuple[str, ...]) -> Iterator[Misspelt]:
    plain = {_plain(key): key for key in known}
    for key in part.data if isinstance(part.data, dict) else ():
        near = get_close_matches(_plain(str(key)), plain, n=1, cutoff=0.8) if key not in known else ()
        if near and plain[near[0]] not in part.data:
            yield part, str(key), plain[near[0]]


def _plain(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "")
