"""The format of sizes of files in the whole window."""

from __future__ import annotations

from engine.common.language import number_text


def bytes_text(count: float) -> str:
    """A size in decimal units, as file managers show it: "340 MB", "2.6 GB"."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{number_text(count / size, '.1f')} {unit}" if count < 10 * size else f"{count / size:.0f} {unit}"
    return f"{max(count / 1e3, 0):.0f} kB"
