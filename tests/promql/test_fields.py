"""Fields that a rule's template has not."""

from __future__ import annotations

import pytest

from promproof.promql.arity import misread

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "template",
    [
        "{{ .CommonLabels.job }}",
        "{{ .Annotations.summary }}",
        "{{ if .alertname }}x{{ end }}",
        "{{ humanize .Val }}",
    ],
)
def test_a_field_of_another_programs_template_is_named(template: str) -> None:
    assert list(misread(template))


@pytest.mark.parametrize(
    "template",
    [
        "{{ .Labels.job }} {{ .Value | humanize }} {{ .ExternalURL }} {{ .ExternalLabels.cluster }}",
        "{{ $labels.job }} {{ ($labels.job | reReplaceAll `a.b` `.c`) }}",
        '{{ range query "up" }}{{ .Labels.job }}: {{ .Value }}{{ end }}',
        '{{ with query "up" }}{{ . | first | value }}{{ .Anything }}{{ end }}',
        "{{ .Values.cluster }} {{ .Release.Name }}",
        "{{ .ActiveAt }} {{ .For }}",
        "{{ printf `%.2f` $value }} {{ .5 }}",
    ],
)
def test_what_a_rule_has_and_what_other_programs_fill_in_is_not(template: str) -> None:
    assert list(misread(template)) == []
