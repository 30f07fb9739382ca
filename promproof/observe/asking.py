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


def headers_of(version: str, authorization: str = "") -> dict[str, str]:
    """The headers with which a Prometheus of a version asks; of an unknown one those of Prometheus 2.

    authorization: that of its scrape job; empty for none.
    """
    is_newer = (major_of(version) or 0) >= UTF8_SINCE
    headers = {"Accept": ACCEPT_UTF8 if is_newer else ACCEPT}
    return {**headers, "Authorization": authorization} if authorization else headers
