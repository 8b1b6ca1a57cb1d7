"""Zones that were drawn last with each detector, to be offered for its camera's other recordings."""

from __future__ import annotations

import json
from typing import Any

from engine.common.atomic_write import atomic_write
from engine.common.errors import ZonesError
from engine.common.json_values import decode
from engine.common.paths import camera_zones_file
from engine.scoring.zone_files import as_features, from_features
from engine.scoring.zones import Zones


def zones_drawn_with(fingerprint: str) -> Zones:
    """The zones that were drawn last with a detector; none where the file has none, or none that make sense."""
    try:
        return from_features(_all().get(fingerprint, []))
    except ValueError:
        return ()


def remember_zones(fingerprint: str, zones: Zones) -> None:
    """Keep zones for the other recordings of a detector's camera; no zones forget them.

    Raises:
        ZonesError: they can't be kept.
    """
    known = _all()
    known.pop(fingerprint, None)
    if zones:
        known[fingerprint] = as_features(zones)
    path = camera_zones_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(json.dumps(known, indent=1, ensure_ascii=False).encode())
    except OSError as error:
        advice = f"Free some space, or allow writing there ({error.strerror})."
        raise ZonesError("The zones can't be kept for other recordings", subject=path, advice=advice) from error


def _all() -> dict[str, Any]:
    try:
        return decode(camera_zones_file().read_bytes(), dict[str, Any])
    except (OSError, ValueError):
        return {}
