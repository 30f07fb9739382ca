"""How Prometheus asks a target for its metrics: who asks otherwise may get other names."""

from __future__ import annotations

from promproof.exposition import ACCEPT
from promproof.promql.versions import major_of

UTF8_SINCE = 3
ACCEPT_UTF8 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
"""What Prometheus 3 asks for; asked without `escaping`, a library writes underscores for the dots of a name."""

TEXT = "text/plain; version=0.0.4"
TEXT_UTF8 = f"text/plain;version=1.0.0;escaping=allow-utf-8,{TEXT.replace('; ', ';')};q=0.5"
"""The plain format alone, with the names that Prometheus 3 stores."""


def is_utf8(version: str) -> bool:
    """Whether a Prometheus of a version asks for names as they are; of an unknown one it is said that it does not."""
    return (major_of(version) or 0) >= UTF8_SINCE


def headers_of(version: str, authorization: str = "") -> dict[str, str]:
    """The headers with which a Prometheus of a version asks; of an unknown one those of Prometheus 2.

    authorization: that of its scrape job; empty for none.
    """
    headers = {"Accept": ACCEPT_UTF8 if is_utf8(version) else ACCEPT}
    return {**headers, "Authorization": authorization} if authorization else headers
