"""What a benchmark found, held against its bars; apart from `__main__`, which a fresh process can't import."""

from __future__ import annotations

import importlib
import operator
from dataclasses import dataclass

_OPERATORS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True)
class Figure:
    """One measured value and, where there is one, the bar it has to clear."""

    benchmark: str
    key: str
    value: float
    bar: str = ""
    """Operator and limit, "< 0.05"; empty without a bar."""
    met: bool | None = None

    def row(self) -> str:
        """The figure's line of the table."""
        verdict = {None: "", True: "met", False: "MISSED"}[self.met]
        return f"{self.benchmark:<10} {self.key:<42} {self.value:>12,.4g}  {self.bar:<12} {verdict}".rstrip()


def measure(name: str, quick: bool) -> list[Figure]:
    """Run one benchmark here and hold its figures against its bars."""
    module = importlib.import_module(f"tests.benchmarks.{name}")
    results: dict[str, float] = module.run(quick)
    bars: dict[str, tuple[str, float]] = module.BARS
    return [judged(name, key, value, bars.get(key)) for key, value in results.items()]


def judged(name: str, key: str, value: float, bar: tuple[str, float] | None) -> Figure:
    """A value with the verdict of its bar."""
    if bar is None:
        return Figure(name, key, value)
    symbol, limit = bar
    return Figure(name, key, value, f"{symbol} {limit:g}", _OPERATORS[symbol](value, limit))
