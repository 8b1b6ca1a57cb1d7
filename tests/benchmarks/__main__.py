"""Runs the benchmarks beside this module, prints them against their bars, and writes them as JSON if asked.

A benchmark is a module with `run(quick) -> {key: value}` and `BARS = {key: (operator, limit)}`. Each runs in a fresh
process: what one loads or leaves in memory does not count against the next.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import multiprocessing
import pkgutil
import platform
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

import psutil

from engine.evaluation.machine import this_machine
from tests.benchmarks._figures import Figure, measure


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen benchmarks; 0 when every bar was met and nothing failed."""
    modules = pkgutil.iter_modules([str(Path(__file__).parent)])
    available = [module.name for module in modules if module.name[0] != "_"]
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"out of: {', '.join(available)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions and shorter recordings")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write machine, figures and bars there")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.names) - set(available):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")

    figures: list[Figure] = []
    failures: dict[str, str] = {}
    for name in chosen.names or available:
        began = time.perf_counter()
        try:
            found = in_fresh_process(name, chosen.quick)
        except Exception as error:  # one failed benchmark must not prevent the others
            failures[name] = f"{type(error).__name__}: {error}"
            print(f"{name:<10} FAILED with {failures[name]}", flush=True)
            continue
        for figure in found:
            print(figure.row(), flush=True)
        print(f"{name:<10} took {time.perf_counter() - began:.0f} s\n", flush=True)
        figures += found
    if chosen.json:
        report = {"machine": machine(), "quick": chosen.quick, "figures": [asdict(figure) for figure in figures]}
        chosen.json.write_text(json.dumps(report | {"failures": failures}, indent=2) + "\n", encoding="utf-8")
    missed = [figure for figure in figures if figure.met is False]
    print(f"{len(figures)} figures, {len(missed)} bars missed, {len(failures)} benchmarks failed")
    return 1 if missed or failures else 0


def in_fresh_process(name: str, quick: bool) -> list[Figure]:
    """The figures of one benchmark, run in a new process; re-raises its exception."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(measure, name, quick).result()


def machine() -> dict[str, object]:
    """Description of the machine that ran the benchmarks."""
    from engine.common.device import choose_compute

    packages = ("av", "numpy", "opencv-python-headless", "PySide6-Essentials", "torch")
    return {
        **asdict(this_machine()),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "computing": choose_compute().label,
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in packages},
    }


if __name__ == "__main__":
    sys.exit(main())
