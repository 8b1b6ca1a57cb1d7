"""Figures of a benchmark, compared with its bars; a separate module, because processes can't import `__main__`."""

from __future__ import annotations

import importlib
import operator
from dataclasses import dataclass

_OPERATORS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True)
class Figure:
    """One measured value and its bar, the limit that it must meet, if any."""

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
    """Run one benchmark in this process and compare its figures with its bars."""
    module = importlib.import_module(f"tests.benchmarks.{name}")
    results: dict[str, float] = module.run(quick)
    bars: dict[str, tuple[str, float]] = module.BARS
    return [compared(name, key, value, bars.get(key)) for key, value in results.items()]


def compared(name: str, key: str, value: float, bar: tuple[str, float] | None) -> Figure:
    """A figure that compares a value with its bar."""
    if bar is None:
        return Figure(name, key, value)
    symbol, limit = bar
    return Figure(name, key, value, f"{symbol} {limit:g}", _OPERATORS[symbol](value, limit))
