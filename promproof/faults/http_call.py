"""http: a fault of somebody else's target that is switched by HTTP calls."""

from __future__ import annotations

from typing import Literal

from promproof.faults.kind import Fault, register
from promproof.faults.site import Site
from promproof.faults.undo import CallHttp, HttpCall, send


@register
class HttpFault(Fault):
    """`{dose}` in URL and body of the first call is the dose."""

    kind: Literal["http"]
    apply: HttpCall
    undo: HttpCall

    def hold(self, site: Site, drill: str, dose: float) -> None:
        """Send the call."""
        site.write(drill, CallHttp(call=self.undo))
        send(self.apply, dose)
