"""Links of a page: every file and every anchor is there, and a name leads to its own heading."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from promproof.config.markdown import leads_to
from promproof.promises.known import Known
from promproof.promises.promise import Promise
from promproof.promises.sheet import Sheet

CLAIM = "page/links"


def read(sheet: Sheet, known: Known) -> Iterator[Promise]:
    """A promise for each link that leads to this page or to a file beside it; others are not followed."""
    own = {heading.text: heading.anchor for heading in sheet.page.headings}
    for link in sheet.page.links:
        try:
            parts = urlsplit(link.target)
        except ValueError:
            continue
        if parts.scheme or parts.netloc:
            continue
        promise = Promise(link.line, "link", f"[{link.text}]({link.target})", CLAIM)
        if parts.path:
            trouble = known.read.links.get(link.target)
            if trouble is None:
                yield promise.is_open("nobody looked whether the file is there")
            else:
                yield promise.judged(not trouble, "it leads there", f"{link.target}: {trouble}")
            continue
        anchor = unquote(parts.fragment)
        wanted = own.get(link.text, anchor)
        if not leads_to(anchor, sheet.page.anchors):
            yield promise.fails(f"the page has no anchor #{anchor}")
        else:
            twin = anchor in own.values() and wanted != anchor and link.text in own
            yield promise.judged(not twin, "it leads there", f"{link.text} has its own section, #{wanted}")
