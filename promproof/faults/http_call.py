"""http: a fault of somebody else's target that is switched by HTTP calls."""

from __future__ import annotations

from typing import Literal

from promproof.faults.kind import Fault, register
from promproof.faults.site import Site
from promproof.faults.undo import CallHttp, HttpCall, send


@register
class HttpFault(Fault):
    """In URL and body `{target}` and `{port}` are the target's, and in those of the first call `{dose}` is the dose."""

    kind: Literal["http"]
    apply: HttpCall
    undo: HttpCall

    def hold(self, site: Site, drill: str, dose: float) -> None:
        """Send the call."""
        site.write(drill, CallHttp(call=self.undo.at(site.url)))
        send(self.apply.at(site.url), dose)
