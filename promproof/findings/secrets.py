"""Whether a text is surely a secret, and none of an example: real ones have a form, or look like nothing."""

from __future__ import annotations

import math
import re
from collections import Counter
from urllib.parse import unquote, urlsplit

_SECRET_URL = re.compile(
    r"https://hooks\.slack\.com/(?:services|workflows)/T\w{6,}/\w{6,}/(?P<slack>\w{16,})$"
    r"|https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d{15,}/(?P<discord>[\w-]{30,})"
    r"|https://api\.telegram\.org/bot\d{6,}:(?P<telegram>[\w-]{30,})"
)
_PLACEHOLDER = re.compile(
    r"[<>${}%*\[\]]|\.\.\.|x{4}|X{4}|0{6}|1234|abcd|your|my|example|change|replace|insert|dummy|fake|test|todo|secret"
    r"|token|password|placeholder|redacted|here|key|enter|sample|demo|foo|bar",
    re.IGNORECASE,
)


def is_secret(name: str, value: str) -> bool:
    """Whether a text is surely a secret: an address with a token in it, a password, or random letters and digits."""
    if address := _SECRET_URL.match(value):
        token = next(group for group in address.groups() if group)
        return len(set(token)) > 6 and not re.search(r"[xX0]{4}", value)
    if password := _password(value):
        return is_secret("password", password)
    if name.endswith("url"):
        return False
    if name == "bot_token" and re.fullmatch(r"\d{6,}:[\w-]{30,}", value):
        return len(set(value)) > 12
    if name.endswith("password") and re.fullmatch(r"[a-z]{16}|(?:[a-z]{4} ){3}[a-z]{4}", value):  # of an app
        return not _PLACEHOLDER.search(value) and _entropy(value) > 3
    if name.endswith("password") and re.fullmatch(r"(?=.*\d)(?=.*[A-Za-z])\S{8,}", value):
        return not _PLACEHOLDER.search(value)
    if "://" in value or _PLACEHOLDER.search(value) or not re.fullmatch(r"[\w\-+/=:.]{16,}", value):
        return False
    has_both = re.search(r"\d", value) is not None and re.search(r"[A-Za-z]", value) is not None
    return has_both and _entropy(value) > 3


def _password(address: str) -> str:
    """The password in an address, postgresql://user:password@host/ say."""
    try:
        return unquote(urlsplit(address).password or "") if "://" in address else ""
    except ValueError:
        return ""


def _entropy(text: str) -> float:
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())
