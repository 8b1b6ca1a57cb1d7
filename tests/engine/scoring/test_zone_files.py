"""Files of zones: what is written comes back, and what is none is told with a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.common.errors import ZonesError
from engine.scoring.zone_files import read_zones, write_zones
from engine.scoring.zones import Zone, ZoneKind

CLOCK = Zone.rectangle(ZoneKind.IGNORED, (0, 0.9), (0.3, 1), "clock ⏰")
GATE = Zone(ZoneKind.WATCHED, ((0.2, 0.1), (0.9, 0.2), (0.5, 0.8)))


def test_zones_come_back(tmp_path: Path) -> None:
    path = tmp_path / "yard.zones.json"
    write_zones(path, (CLOCK, GATE))
    assert read_zones(path) == (CLOCK, GATE)
    content = json.loads(path.read_text())
    assert content["type"] == "FeatureCollection"
    ring = content["features"][1]["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert len(ring) == 4


def valid() -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "format": "vadgui-zones",
        "version": 1,
        "author": "unknown keys are ignored",
        "features": [
            {
                "type": "Feature",
                "properties": {"kind": "ignored", "colour": "red"},
                "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [0.5, 0], [0.5, 1]]]},
            }
        ],
    }


def test_a_file_by_hand_needs_no_closed_ring(tmp_path: Path) -> None:
    path = tmp_path / "zones.json"
    path.write_text(json.dumps(valid()))
    assert read_zones(path) == (Zone(ZoneKind.IGNORED, ((0, 0), (0.5, 0), (0.5, 1))),)


def broken(**changes: Any) -> str:
    content = valid()
    feature = content["features"][0]
    for key, value in changes.items():
        {"kind": feature["properties"], "coordinates": feature["geometry"]}.get(key, content)[key] = value
    return json.dumps(content)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no JSON", "no file of zones"),
        ("[]", "no file of zones"),
        (broken(format="vadgui-review"), "no format vadgui-zones"),
        (broken(version="1"), "no format vadgui-zones with a version"),
        (broken(version=2), "newer version"),
        (broken(type="Feature"), "not FeatureCollection"),
        (broken(features=None), "no file of zones"),
        (broken(kind="deleted"), "deleted"),
        (broken(coordinates=[[[0, 0], [640, 0], [640, 480]]]), "beyond the picture"),
        (broken(coordinates=[[[0, 0], [0, "1"], [1, 1]]]), "no file of zones"),
        (broken(coordinates=[[[0, 0, 0], [0, 1, 0], [1, 1, 0]]]), "no file of zones"),
        (broken(coordinates=[]), "0 rings"),
        (broken(coordinates=[[[0, 0], [1, 0], [1, 1], [0, 1]]]), "leave nothing"),
        ('{"format": "vadgui-zones", "version": 1, "type": ' + "[" * 5000 + "]" * 5000 + "}", "nested too deeply"),
    ],
)
def test_what_is_no_file_of_zones_is_told(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "zones.json"
    path.write_text(text)
    with pytest.raises(ZonesError, match=said) as caught:
        read_zones(path)
    assert caught.value.advice
    assert caught.value.subject == str(path)


def test_files_that_cannot_be_read_or_written_are_told(tmp_path: Path) -> None:
    with pytest.raises(ZonesError, match="can't be read"):
        read_zones(tmp_path / "none.zones.json")
    with pytest.raises(ZonesError, match="can't be written"):
        write_zones(tmp_path / "none" / "yard.zones.json", (CLOCK,))
