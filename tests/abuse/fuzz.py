"""Searches for inputs of an own parser that raise what they should not, guided by coverage.

    python -m tests.abuse.fuzz review --seconds 60

It needs Atheris (`pip install atheris`), which is none of the project's requirements.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["engine"]):
    from tests.abuse.parsers import PARSERS, raises_another


def main() -> None:
    """Search until something is found, or time is over."""
    arguments = argparse.ArgumentParser(prog="python -m tests.abuse.fuzz", description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("name", choices=list(PARSERS))
    arguments.add_argument("--seconds", type=int, default=60)
    chosen = arguments.parse_args()
    parser = PARSERS[chosen.name]

    def run(content: bytes) -> None:
        if error := raises_another(parser, content):
            raise error

    with tempfile.TemporaryDirectory() as corpus:
        Path(corpus, "whole").write_bytes(parser.whole)
        options = [sys.argv[0], f"-max_total_time={chosen.seconds}", "-rss_limit_mb=4096", "-timeout=10", corpus]
        atheris.Setup(options, run)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
