"""Random alerts whose boundary is known: one quantity, an operator and a number, and guards that hold."""

from __future__ import annotations

from random import Random

OPERATORS = (">", "<", ">=", "<=")


def alert(chance: Random) -> tuple[str, str]:
    """An expression, and where it flips."""
    operator = chance.choice(OPERATORS)
    share = chance.random() < 0.25
    number = chance.choice((0.05, 0.2, 0.9)) if share else chance.choice((0.5, 3, 40, 1000))
    text = f"{_share(chance) if share else _quantity(chance)} {operator} {number:g}"
    if chance.random() < 0.3:
        text += f" and on (job) {chance.choice(('up == 1', 'sum by (job) (rate(g_total[5m])) > 1'))}"
    elif chance.random() < 0.2:
        text += " unless on (job) maintenance == 1"
    return text, f"{operator} {number:g}"


def _selector(chance: Random, name: str) -> str:
    matchers = ('job="api"', 'code=~"5.."', 'path!~"/health.*"', 'zone!=""')
    chosen = [matcher for matcher in matchers if chance.random() < 0.3]
    return f"{name}{{{','.join(chosen)}}}" if chosen else name


def _series(chance: Random) -> str:
    window = chance.choice(("2m", "5m", "15m"))
    counter, gauge = _selector(chance, "c_total"), _selector(chance, "a")
    return chance.choice(
        (
            gauge,
            f"rate({counter}[{window}])",
            f"increase({counter}[{window}])",
            f"avg_over_time({gauge}[{window}])",
            f"max_over_time({gauge}[{window}])",
            f"{gauge} offset {window}",
            f"clamp_min({gauge}, 0)",
        )
    )


def _quantity(chance: Random) -> str:
    inner = _series(chance)
    return chance.choice(
        (
            inner,
            f"sum by (job) ({inner})",
            f"max by (job, instance) ({inner})",
            f"avg without (zone) ({inner})",
            f"sum by (job) ({inner}) * 2",
        )
    )


def _share(chance: Random) -> str:
    function, window = chance.choice(("rate", "increase")), chance.choice(("2m", "5m"))
    part = chance.choice(('code=~"5.."', 'code!="200"', 'result="error"'))
    by = "by (job) "  # guards join by it
    return f"sum {by}({function}(r_total{{{part}}}[{window}])) / sum {by}({function}(r_total[{window}]))"
