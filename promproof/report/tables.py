"""Tables that lose nothing: in a pipe as wide as they need, on a narrow terminal in another form.

rich shrinks the columns of a table that is too wide until some have gone, whatever their least width is. So a table is
measured before it is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

_ANY_WIDTH = 1_000_000


def table(*columns: str, title: str | None = None) -> Table:
    """A table whose named columns are never cut; further ones may be added."""
    made = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False, show_edge=False)
    for name in columns:
        made.add_column(name, no_wrap=True)
    return made


def width_of(console: Console, wanted: Table) -> int:
    """Columns that the table needs."""
    return Measurement.get(console, console.options.update(max_width=_ANY_WIDTH), wanted).maximum


def print_whole(console: Console, wide: Table, narrow: Callable[[], Iterable[Table]]) -> None:
    """Print the table, or its replacement on a terminal that is too narrow."""
    needed = width_of(console, wide)
    if needed <= console.width:
        console.print(wide)
    elif console.is_terminal:
        for part in narrow():
            console.print(part)
    else:
        Console(file=console.file, width=needed, highlight=False).print(wide)
