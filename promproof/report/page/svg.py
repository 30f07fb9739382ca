"""SVG as elements: whatever text they hold is escaped by the writer, and numbers have one decimal."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as tree

from markupsafe import Markup

Point = tuple[float, float]
Element = tree.Element


def number(value: float) -> str:
    """A coordinate."""
    text = f"{value:.1f}"
    return text.removesuffix(".0").replace("-0", "0") if text in ("-0.0", "0.0") else text.removesuffix(".0")


def element(tag: str, style: str = "", title: str = "", /, **attributes: float | str) -> Element:
    """An element; names of attributes have `_` for `-`. title: what a pointer over it is told."""
    made = tree.Element(tag, {"class": style} if style else {})
    for name, value in attributes.items():
        made.set(name.strip("_").replace("_", "-"), value if isinstance(value, str) else number(value))
    if title:
        tree.SubElement(made, "title").text = title
    return made


def text(x: float, y: float, said: str, style: str = "", **attributes: float | str) -> Element:
    """A text at a place."""
    made = element("text", style, x=x, y=y, **attributes)
    made.text = said
    return made


def path(points: Iterable[Point], style: str, title: str = "", *, closed: bool = False) -> Element:
    """A line through points, or the area that it encloses."""
    places = [f"{number(x)} {number(y)}" for x, y in points]
    return element(
        "path", style, title, d=("M" + "L".join(places) + ("Z" if closed else "")) if places else ""
    )


def rectangle(begin: float, end: float, top: float, height: float, style: str, title: str = "") -> Element:
    """A rectangle between two x."""
    return element("rect", style, title, x=begin, y=top, width=max(end - begin, 0.8), height=height)


def drawing(width: float, height: float, label: str, children: Iterable[Element], style: str = "") -> Markup:
    """A whole drawing, as wide as its place. label: what it shows, for a screen reader."""
    whole = element("svg", style, viewBox=f"0 0 {number(width)} {number(height)}", role="img")
    whole.set("aria-label", label)
    whole.extend(children)
    return Markup(tree.tostring(whole, encoding="unicode"))
