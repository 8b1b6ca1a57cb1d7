"""Zones that were drawn last with each detector, to be offered for its camera's other recordings."""

from __future__ import annotations

from typing import Any

from engine.common.errors import ZonesError
from engine.common.kept_values import changed_values, kept_values
from engine.common.language import tr
from engine.common.paths import camera_zones_file
from engine.scoring.zone_files import as_features, from_features
from engine.scoring.zones import Zones


def zones_drawn_with(fingerprint: str) -> Zones:
    """The zones that were drawn last with a detector; none where the file has none, or none that make sense."""
    try:
        return from_features(kept_values(camera_zones_file(), dict[str, Any]).get(fingerprint, []))
    except ValueError:
        return ()


def remember_zones(fingerprint: str, zones: Zones) -> None:
    """Keep zones for the other recordings of a detector's camera; no zones forget them.

    Raises:
        ZonesError: they can't be kept.
    """
    path = camera_zones_file()
    try:
        with changed_values(path, dict[str, Any]) as known:
            known.pop(fingerprint, None)
            if zones:
                known[fingerprint] = as_features(zones)
    except OSError as error:
        advice = tr("Free some space, or allow writing there ({reason}).").format(reason=error.strerror)
        raise ZonesError(tr("The zones can't be kept for other recordings"), subject=path, advice=advice) from error
