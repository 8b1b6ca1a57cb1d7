"""Files of zones: GeoJSON whose coordinates are shares of the frame's width and height."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.common.atomic_write import atomic_write
from engine.common.errors import ZonesError
from engine.common.json_values import convert, decode
from engine.common.language import tr
from engine.common.paths import read_regular
from engine.scoring.zones import Point, Zone, ZoneKind, Zones, check_zones

FORMAT, VERSION = "vadgui-zones", 1
SUFFIX = ".zones.json"


@dataclass(frozen=True)
class _Polygon:
    type: Literal["Polygon"]
    coordinates: tuple[tuple[Point, ...], ...]


@dataclass(frozen=True)
class _Properties:
    kind: ZoneKind
    name: str = ""


@dataclass(frozen=True)
class _Feature:
    type: Literal["Feature"]
    properties: _Properties
    geometry: _Polygon


def read_zones(path: Path) -> Zones:
    """The zones of a file, as docs/file-formats.md describes it.

    Raises:
        ZonesError: the file can't be read, is no such file or of a newer version, or its zones make no sense.
    """
    try:
        content = decode(read_regular(path), dict[str, Any])
        if content.get("format") != FORMAT or not isinstance(content.get("version"), int):
            raise ValueError(f"it has no format {FORMAT} with a version")
        if content["version"] > VERSION:
            raise ZonesError(
                tr("These zones were written by a newer version"), subject=path, advice=tr("Update vadgui.")
            )
        if content.get("type") != "FeatureCollection":
            raise ValueError("its type is not FeatureCollection")
        zones = from_features(content.get("features"))
    except OSError as error:
        raise ZonesError(
            tr("The file of zones can't be read"),
            subject=path,
            advice=tr("Check the path ({reason}).").format(reason=error.strerror),
        ) from error
    except ValueError as error:
        raise ZonesError(
            tr("This is no file of zones ({error})").format(error=error),
            subject=path,
            advice=tr("docs/file-formats.md describes what it should be; the window writes one by Save zones."),
        ) from error
    return zones


def write_zones(path: Path, zones: Zones) -> None:
    """Write zones, replacing an older file.

    Raises:
        ZonesError: the file can't be written.
    """
    content = {"type": "FeatureCollection", "format": FORMAT, "version": VERSION, "features": as_features(zones)}
    try:
        with atomic_write(path) as file:
            file.write(json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n")
    except OSError as error:
        advice = tr("Free some space or choose another folder ({reason}).").format(reason=error.strerror)
        raise ZonesError(tr("The zones can't be written"), subject=path, advice=advice) from error


def as_features(zones: Zones) -> list[dict[str, Any]]:
    """Zones as GeoJSON's features; a ring ends where it began."""
    return [
        {
            "type": "Feature",
            "properties": {"kind": zone.kind.value} | ({"name": zone.name} if zone.name else {}),
            "geometry": {"type": "Polygon", "coordinates": [[list(point) for point in (*zone.points, zone.points[0])]]},
        }
        for zone in zones
    ]


def from_features(features: Any) -> Zones:
    """The inverse of `as_features`.

    Raises:
        ValueError: they are no features, or their zones make no sense.
    """
    zones = tuple(_zone(feature) for feature in convert(features, tuple[_Feature, ...]))
    check_zones(zones)
    return zones


def _zone(feature: _Feature) -> Zone:
    rings = feature.geometry.coordinates
    if len(rings) != 1:
        raise ValueError(f"a zone has {len(rings)} rings; one with holes is several zones here")
    (ring,) = rings
    points = ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring
    return Zone(feature.properties.kind, points, feature.properties.name)
