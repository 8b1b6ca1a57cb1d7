"""Frame rates that people gave for recordings that do not store one: pictures, and some raw streams."""

from __future__ import annotations

from engine.common.errors import VideoError
from engine.common.kept_values import changed_values, kept_values
from engine.common.language import tr
from engine.common.paths import frame_rates_file

LOWEST_FPS, HIGHEST_FPS = 0.001, 1000.0


def given_rate(fingerprint: str) -> float | None:
    """Frames a second that were given for a recording; None where none were, or the file can't be read."""
    fps = kept_values(frame_rates_file(), dict[str, float]).get(fingerprint)
    return fps if fps is not None and LOWEST_FPS <= fps <= HIGHEST_FPS else None


def give_rate(fingerprint: str, fps: float | None) -> None:
    """Keep a recording's rate for every time it is opened; None forgets it.

    Raises:
        VideoError: it can't be kept.
        ValueError: it is no rate.
    """
    if fps is not None and not LOWEST_FPS <= fps <= HIGHEST_FPS:
        raise ValueError(f"frame rates lie in [{LOWEST_FPS:g}, {HIGHEST_FPS:g}], not at {fps}")
    path = frame_rates_file()
    try:
        with changed_values(path, dict[str, float]) as rates:
            rates.pop(fingerprint, None)
            if fps is not None:
                rates[fingerprint] = fps
    except OSError as error:
        advice = tr("Free some space, or allow writing there ({reason}).").format(reason=error.strerror)
        raise VideoError(tr("The frame rate can't be kept"), subject=path, advice=advice) from error
