"""Frame rates that people gave for recordings that do not store one: pictures, and some raw streams."""

from __future__ import annotations

import json
from pathlib import Path

from engine.common.atomic_write import atomic_write
from engine.common.errors import VideoError
from engine.common.json_values import decode
from engine.common.paths import frame_rates_file

LOWEST_FPS, HIGHEST_FPS = 0.001, 1000.0


def given_rate(fingerprint: str) -> float | None:
    """Frames a second that were given for a recording; None where none were, or the file can't be read."""
    fps = _all_rates().get(fingerprint)
    return fps if fps is not None and LOWEST_FPS <= fps <= HIGHEST_FPS else None


def give_rate(fingerprint: str, fps: float | None) -> None:
    """Keep a recording's rate for every time it is opened; None forgets it.

    Raises:
        VideoError: it can't be kept.
        ValueError: it is no rate.
    """
    if fps is not None and not LOWEST_FPS <= fps <= HIGHEST_FPS:
        raise ValueError(f"frame rates lie in [{LOWEST_FPS:g}, {HIGHEST_FPS:g}], not at {fps}")
    rates = _all_rates()
    rates.pop(fingerprint, None)
    if fps is not None:
        rates[fingerprint] = fps
    path = frame_rates_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(json.dumps(rates, indent=1).encode())
    except OSError as error:
        advice = f"Free some space, or allow writing there ({error.strerror})."
        raise VideoError("The frame rate can't be kept", subject=path, advice=advice) from error


def _all_rates() -> dict[str, float]:
    path: Path = frame_rates_file()
    try:
        return decode(path.read_bytes(), dict[str, float])
    except (OSError, ValueError):
        return {}
