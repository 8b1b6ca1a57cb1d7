"""The format of times in a recording."""

from __future__ import annotations


def clock_text(seconds: float, decimals: int = 3) -> str:
    """Format a time as "m:ss.mmm", or "h:mm:ss.mmm" from an hour on, with `decimals` decimals of the second."""
    scale = 10**decimals
    ticks = round(abs(seconds) * scale)
    minutes, ticks = divmod(ticks, 60 * scale)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if seconds < 0 and (hours or minutes or ticks) else ""
    rest = f"{ticks // scale:02d}" + (f".{ticks % scale:0{decimals}d}" if decimals else "")
    return f"{sign}{hours}:{minutes:02d}:{rest}" if hours else f"{sign}{minutes}:{rest}"
