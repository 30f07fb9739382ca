"""Functions of a template with a wrong number of arguments are found, all others are left alone."""

from __future__ import annotations

import pytest

from promproof.promql.arity import miscalled

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ value | humanize }}", "value takes 1 argument and gets 0 ($value is the value of the alert)"),
        ("{{value}} of 65280", "value takes 1 argument and gets 0 ($value is the value of the alert)"),
        ("{{ $value | humanize 1 }}", "humanize takes 1 argument and gets 2"),
        ('{{ printf "%s" (humanize) }}', "humanize takes 1 argument and gets 0"),
        ('{{ $x := label "a" }}{{ $x }}', "label takes 2 arguments and gets 1"),
        ('{{ if match "a" }}a{{ end }}', "match takes 2 arguments and gets 1"),
        ('{{ reReplaceAll "a" $labels.x }}', "reReplaceAll takes 3 arguments and gets 2"),
    ],
)
def test_a_function_that_gets_too_few_or_too_many_is_found(template: str, said: str) -> None:
    assert list(miscalled(template)) == [said]


@pytest.mark.parametrize(
    "template",
    [
        "{{ $value | humanize }}",
        "{{ humanizePercentage $value }}",
        '{{ with query "up" }}{{ . | first | value | humanize }}{{ end }}',
        '{{ (index (query "up") 0).Value | humanize }}',
        '{{ range query "up" | sortByLabel "job" }}{{ . | label "job" | toUpper }}{{ end }}',
        '{{ $labels.x | reReplaceAll "a|b" "(" }}',
        '{{ if match "^a" $labels.x }}a{{ else if match "b" $labels.x }}b{{ end }}',
        "{{ externalURL }}/graph{{ graphLink `up` }}",
        '{{ printf "%d (%s)" 1 (humanize $value) | title }}',
        '{{ template "value" . }}{{ define "value" }}x{{ end }}',
        "{{ .Value }} {{ $labels.value }} {{ title ($labels.job) }}",
    ],
)
def test_a_function_that_gets_what_it_takes_is_left_alone(template: str) -> None:
    assert list(miscalled(template)) == []
