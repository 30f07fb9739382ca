"""The reader of documentation pages."""

from pathlib import Path

import pytest

from promproof.config.headings import slug
from promproof.contract.documentation import (
    Link,
    Quantity,
    Threshold,
    duration,
    names,
    parse,
    quantity,
    threshold,
)
from promproof.errors import InputError

pytestmark = pytest.mark.unit

PAGE = """\
before any heading, [a link](other.md)
and `code` with ![a picture](picture.png)

# The page

## Metrics & labels

| metric | labels |
|---|---|
| `requests_total` | method, `status` |
| [`up`](#the-page) | a\\|b |
| short |

### Below
text

```python custom-metric with words
x = 1
```

## Metrics & labels

    indented

<a id="by-hand"></a>
| lonely |
|---|
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    page = tmp_path / "page.md"
    page.write_text(PAGE, encoding="utf-8")
    return page


def test_a_cell_loses_its_markup_and_keeps_its_line(path: Path) -> None:
    table = parse(path).tables[0]
    assert table.columns == ("metric", "labels")
    assert [dict(row.cells) for row in table.rows] == [
        {"metric": "requests_total", "labels": "method, status"},
        {"metric": "up", "labels": "a|b"},
        {"metric": "short", "labels": ""},
    ]
    assert (table.line, [row.line for row in table.rows]) == (8, [10, 11, 12])


def test_a_table_is_listed_under_its_heading(path: Path) -> None:
    first, last = parse(path).tables
    assert first.headings == ("The page", "Metrics & labels")
    assert first.heading == "Metrics & labels"
    assert (last.headings, last.rows) == (("The page", "Metrics & labels"), ())


def test_a_table_before_the_first_heading_has_no_heading(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("| a |\n|---|\n| 1 |\n\n# Late\n", encoding="utf-8")
    (table,) = parse(page).tables
    assert (table.headings, table.heading) == ((), "")


def test_tables_are_found_by_a_part_of_their_columns(path: Path) -> None:
    page = parse(path)
    assert page.tables_with("metric", "labels") == page.tables[:1]
    assert page.tables_with("labels", "metric") == ()
    assert page.tables_with("metric") == ()


def test_a_block_has_its_name_and_its_text(path: Path) -> None:
    named, indented = parse(path).blocks
    assert (named.language, named.name, named.text) == ("python", "custom-metric with words", "x = 1\n")
    assert named.line == 17
    assert (indented.info, indented.language, indented.name, indented.text) == ("", "", "", "indented\n")


def test_a_block_that_is_missing_or_there_twice_is_refused(path: Path) -> None:
    page = parse(path)
    assert page.block("custom-metric with words").line == 17
    with pytest.raises(InputError, match="0 code blocks are named 'gone'"):
        page.block("gone")
    path.write_text("```a x\n```\n\n```b x\n```\n", encoding="utf-8")
    with pytest.raises(InputError, match="2 code blocks are named 'x'") as refused:
        parse(path).block("x")
    assert refused.value.where == f"{path}:1, {path}:4"


def test_a_link_is_read_with_its_line(path: Path) -> None:
    assert parse(path).links == (
        Link("a link", "other.md", 1),
        Link("a picture", "picture.png", 2),
        Link("up", "#the-page", 11),
    )


def test_an_anchor_is_the_one_that_a_browser_jumps_to(path: Path) -> None:
    assert parse(path).anchors == {
        "the-page",
        "metrics--labels",
        "metrics--labels-1",
        "below",
        "by-hand",
    }
    assert slug("What's `p95`, then?") == "whats-p95-then"


def test_a_table_with_a_column_named_twice_is_read(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("text\n\n| | Linux | Linux | |\n|---|---|---|---|\n| a | b | c | d |\n", encoding="utf-8")
    assert parse(page).tables[0].columns == ("", "Linux", "Linux", "")


@pytest.mark.parametrize("content", [None, b"\xff\xfa"], ids=["missing", "not UTF-8"])
def test_an_unreadable_page_is_an_input_error(tmp_path: Path, content: bytes | None) -> None:
    page = tmp_path / "page.md"
    if content is not None:
        page.write_bytes(content)
    with pytest.raises(InputError, match=r"cannot be read|is not UTF-8"):
        parse(page)


@pytest.mark.parametrize("text", ["", "|", "| a |\n|--", "```", "# ", "[", "| a |\n|---|\n| b | c | d |"])
def test_odd_markdown_is_read_without_an_error(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    parse(page)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("5 %", Quantity(0.05, "ratio")),
        ("85%", Quantity(0.85, "ratio")),
        ("1 s", Quantity(1.0, "seconds")),
        ("1.5 s", Quantity(1.5, "seconds")),
        ("250ms", Quantity(0.25, "seconds")),
        ("5m", Quantity(300.0, "seconds")),
        ("1h 30m", Quantity(5400.0, "seconds")),
        ("500 MB", Quantity(500e6, "bytes")),
        ("0.1 cores", Quantity(0.1, "cores")),
        (" 9090 ", Quantity(9090.0, "")),
        ("0", Quantity(0.0, "")),
    ],
)
def test_a_quantity_is_read_by_its_unit(cell: str, expected: Quantity) -> None:
    assert quantity(cell) == expected


@pytest.mark.parametrize("cell", ["", "%", "5 percent", "five", "1..5 s", "5 % 5 %", "30m1h"])
def test_a_cell_without_a_quantity_is_refused(cell: str) -> None:
    with pytest.raises(InputError) as refused:
        quantity(cell, "page.md:7")
    assert refused.value.where == "page.md:7"
    assert "with one of the units %, s," in refused.value.expected


def test_a_duration_needs_a_unit_of_time() -> None:
    assert duration("15s") == 15.0
    for cell in ("15", "15 %", "none"):
        with pytest.raises(InputError):
            duration(cell)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("> 5 %", Threshold(">", Quantity(0.05, "ratio"))),
        (">1s", Threshold(">", Quantity(1.0, "seconds"))),
        ("<= 3", Threshold("<=", Quantity(3.0, ""))),
        ("up == 0", Threshold("==", Quantity(0.0, ""), subject="up")),
        ("up == 0 or absent", Threshold("==", Quantity(0.0, ""), subject="up", or_absent=True)),
    ],
)
def test_a_threshold_is_read_with_its_comparator_and_unit(cell: str, expected: Threshold) -> None:
    assert threshold(cell) == expected


@pytest.mark.parametrize("cell", ["", "5 %", "=> 5 %", "> ", "> 5 % or so", "more than 5 %", "> 5 %%"])
def test_a_cell_without_a_threshold_is_refused(cell: str) -> None:
    with pytest.raises(InputError):
        threshold(cell)


def test_a_list_of_names_is_read() -> None:
    assert names("method, endpoint ,status") == ("method", "endpoint", "status")
    assert names("none") == names("") == ()
