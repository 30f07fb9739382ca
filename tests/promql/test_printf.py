"""Formats of printf in a template: those that the value does not fit are found, all others are left alone."""

from __future__ import annotations

import pytest

from promproof.promql.printf import misprinted

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('{{ printf "%d" $value }}', "%!d(float64=...) for %d"),
        ('{{ $value | printf "%d" }}', "%!d(float64=...) for %d"),
        ('{{ printf "%s is %.2f" $labels.job $labels.instance }}', "%!f(string=...) for %.2f"),
        ('{{ $value | humanize | printf "%.2f" }}', "%!f(string=...) for %.2f"),
        ('{{ printf "%s" $value }}', "%!s(float64=...) for %s"),
        ('{{ with query "up" }}{{ . | first | value | printf "%d" }}{{ end }}', "%!d(float64=...) for %d"),
        ('{{ printf "%s and %s" $labels.job }}', "%!s(MISSING) for %s"),
        ('{{ printf "high" $value }}', "%!(EXTRA ...) for what no verb of the format takes"),
        ("{{ printf $value }}", "an error: printf wants a format first"),
        ('{{ $x := printf "%d" $value }}', "%!d(float64=...) for %d"),
    ],
)
def test_a_verb_that_does_not_take_what_it_is_given_is_found(template: str, said: str) -> None:
    assert list(misprinted(template)) == [said]


@pytest.mark.parametrize(
    "template",
    [
        '{{ printf "%.2f" $value }}',
        '{{ $value | printf "%5.1f%%" }}',
        '{{ printf "%v of %s: %.0f" $labels.job $labels.instance $value }}',
        '{{ $value | humanize | printf "%s" }}',
        '{{ query (printf "up{instance=\\"%s\\"}" $labels.instance) | first | value | humanize }}',
        "{{ with printf \"up{job='%s'}\" $labels.job | query }}{{ . | first | value }}{{ end }}",
        '{{ printf "%d" (len "abc") }}',
        '{{ printf "%d" (toTime $value).Hour }}',
        '{{ printf "%[1]s %[1]s" $labels.job }}',
        '{{ printf "%*d" 5 7 }}',
        "{{ printf `%.3g` $value }}",
        "{{ printf $format $value }}",
        '{{ if eq (printf "%.0f" $value) "1" }}one{{ end }}',
        "95% of printf",
    ],
)
def test_a_format_that_fits_or_that_is_not_known_is_no_mistake(template: str) -> None:
    assert list(misprinted(template)) == []
