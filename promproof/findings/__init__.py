"""What a static check says about the files of a set-up: kinds of findings, found without a network or a run.

`discover` reads any layout into a `Setup`, which is data only; a kind is a class of mistakes with an id such as
`rule/window-too-short`; judges look at one item (a rule, a panel, a route, the whole set-up) and yield findings. A
judge that raises costs one item, which is then "not verified" by name.

Adding a kind is one file, in the package of its family (`rule/`, `alertmanager/`, `prometheus/`, `grafana/`,
`compose/`, `file/`):

    # promproof/findings/rule/quantile_over_one.py
    from promproof.findings.kind import Kind, Severity, each_rule, register

    QUANTILE = register(
        Kind(
            id="rule/quantile-over-one",
            severity=Severity.ERROR,
            title="a quantile over 1",
            why="histogram_quantile(95, ...) is +Inf whatever the data are: quantiles go from 0 to 1.",
            example="histogram_quantile(95, sum by (le) (rate(http_seconds_bucket[5m])))",
            instead="histogram_quantile(0.95, sum by (le) (rate(http_seconds_bucket[5m])))",
        )
    )

    @each_rule(QUANTILE)
    def judge(rule: Rule, setup: Setup) -> Iterator[Finding]:
        if ...:
            yield QUANTILE.at(rule.at("expr"), "...", effect="...", todo="...", see="...")
"""
