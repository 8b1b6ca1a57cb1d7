"""Every own parser, a whole example of what it reads, and the errors that it may raise."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import fsspec
from fsspec import AbstractFileSystem

from engine.analysis.score_store import AnalysisKey
from engine.archive.walking import video_files
from engine.common.errors import VadError
from engine.common.events import LossReported, from_json_line, to_json_line
from engine.common.json_values import decode
from engine.common.language import read_translations
from engine.common.paths import name_patterns_file
from engine.common.remote_path import RemotePath
from engine.detector_library.metadata import MetadataFile
from engine.export.tables import read_segments_json
from engine.models.detector_header import read_header
from engine.redaction.regions import Keyframe, RedactedRegion, Redaction, RedactionMethod
from engine.review.document import JudgedSegment, Recording, Review, Threshold, Verdict, from_bytes, to_bytes
from engine.scoring.segments import Segment, SegmentRule
from engine.scoring.zone_files import as_features, from_features, read_zones
from engine.scoring.zones import Zone, ZoneKind
from engine.training.settings import RunSettings
from engine.video.name_patterns import moment_by, own_patterns, pattern_of
from engine.video.wall_clock import recording_start

LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
REVIEW = Review(
    recordings=(
        Recording(
            name="gate.mp4",
            path="/footage/gate.mp4",
            relative_path="gate.mp4",
            fingerprint="f1",
            frame_count=100,
            segments=(JudgedSegment(start=5, stop=9, verdict=Verdict.CONFIRMED, note="by the gate"),),
            thresholds={"paper": Threshold(0.5)},
        ),
    )
)
REGION = RedactedRegion(RedactionMethod.FILL, (Keyframe(0, LEFT_HALF), Keyframe(9, LEFT_HALF)), start=2, stop=50)
REDACTED = Review(
    recordings=(
        Recording(name="gate.mp4", path="/gate.mp4", fingerprint="f1", frame_count=100, redaction=Redaction((REGION,))),
    )
)
MOMENT = datetime(2026, 3, 29, 2, 30)
CATALOGUE = b"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "{count} left"
msgid_plural "{count} are left"
msgstr[0] "noch {count}"
msgstr[1] "noch {count}"
"""
ZONES = (Zone(ZoneKind.IGNORED, ((0.1, 0.1), (0.5, 0.1), (0.5, 0.6))),)
ZONES_FILE = {"format": "vadgui-zones", "version": 1, "type": "FeatureCollection", "features": as_features(ZONES)}
SEGMENTS_FILE = {
    "format": "vadgui-segments",
    "version": 3,
    "video": {"name": "gate.mp4", "path": "/footage/gate.mp4", "fingerprint": "f1"},
    "detector": {"name": "Gate", "fingerprint": "ab"},
    "score": "paper",
    "rule": asdict(SegmentRule()),
    "segments": [{**asdict(Segment(5, 9, 6, 2.5)), "reason": "moves oddly"}],
    "zones": as_features(ZONES),
}
DETECTOR_HEADER = json.dumps({"__metadata__": {"settings": json.dumps({"name": "Gate"}), "sha256": "ab"}}).encode()


@dataclass(frozen=True)
class Parser:
    """One of them."""

    parse: Callable[[bytes], object]
    whole: bytes
    errors: tuple[type[Exception], ...] = (ValueError, VadError)


def _of_file(read: Callable[[Path], object], name: str = "file.json") -> Callable[[bytes], object]:
    def parse(content: bytes) -> object:
        # In memory where there is such a folder.
        with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:  # noqa: PTH112
            path = Path(folder, name)
            path.write_bytes(content)
            return read(path)

    return parse


def _start(name: bytes) -> object:
    text = os.fsdecode(name).replace("\0", "")
    start = recording_start(Path(text), {"creation_time": text})
    return start and start.at(3600.0)


def _moment_by(patterns: bytes) -> object:
    name_patterns_file().parent.mkdir(parents=True, exist_ok=True)
    name_patterns_file().write_bytes(patterns)
    return [moment_by(each, "20260329_023000_7.mp4", UTC) for each in own_patterns()]


def _pattern_of(example: bytes) -> object:
    name = os.fsdecode(example)
    pattern = pattern_of(name, MOMENT)
    assert moment_by(pattern, name, UTC) == MOMENT.replace(tzinfo=UTC)
    return pattern


class _ServerOfListings(AbstractFileSystem):  # type: ignore[misc]
    """Lists what it was told, whatever folder is asked for."""

    protocol = "listing"
    cachable = False
    told: ClassVar[Any] = {}

    def find(self, path: str, *_: Any, **__: Any) -> Any:
        del path
        return self.told

    def info(self, path: str, **_: Any) -> Any:
        return self.told[path]


fsspec.register_implementation("listing", _ServerOfListings, clobber=True)


def _listed(content: bytes) -> object:
    told = json.loads(content)
    if not isinstance(told, dict) or not all(isinstance(each, dict) for each in told.values()):
        return None  # fsspec gives no others
    _ServerOfListings.told = told
    return list(video_files(RemotePath("listing://site")))


PARSERS = {
    "review": Parser(from_bytes, to_bytes(REVIEW)),
    "redaction in a review": Parser(from_bytes, to_bytes(REDACTED)),
    "zones": Parser(_of_file(read_zones), json.dumps(ZONES_FILE).encode()),
    "zone features": Parser(lambda text: from_features(json.loads(text)), json.dumps(as_features(ZONES)).encode()),
    "segments": Parser(_of_file(read_segments_json), json.dumps(SEGMENTS_FILE).encode()),
    "run settings": Parser(
        lambda text: RunSettings.from_json(text.decode("utf-8", "replace")),
        RunSettings("Gate", ("a.mp4",)).to_json().encode(),
    ),
    "event": Parser(
        lambda text: from_json_line(text.decode("utf-8", "replace")),
        to_json_line(LossReported("motion", 1, 10, 0.5, 0.4, is_best=True)).encode(),
    ),
    "library": Parser(
        _of_file(lambda path: MetadataFile(path.parent).read(), "library.json"),
        b'{"version": 1, "labels": {"ab": {"name": "Gate", "note": "", "camera": "3"}}, "active": {}}',
        (),
    ),
    "analysis key": Parser(
        lambda text: AnalysisKey.of_text(text.decode("utf-8", "replace")),
        AnalysisKey("video", "detector", "{}").text.encode(),
        (),
    ),
    "kept rates": Parser(lambda text: decode(text, dict[str, float]), b'{"f1": 12.5}'),
    "detector header": Parser(
        _of_file(read_header, "a.safetensors"),
        len(DETECTOR_HEADER).to_bytes(8, "little") + DETECTOR_HEADER,
    ),
    "own patterns of file names": Parser(_moment_by, b'["%Y%m%d_%H%M%S_%n.mp4"]', ()),
    "example of a file name": Parser(_pattern_of, b"gate 2026-03-29 02-30-00 (7).mp4"),
    "catalogue": Parser(_of_file(lambda path: read_translations([path]), "window.po"), CATALOGUE),
    "listing of a server": Parser(
        _listed,
        json.dumps(
            {
                "site/gate.mp4": {"name": "site/gate.mp4", "size": 5, "type": "file", "mtime": 1.5},
                "site/yard.mp4": {"name": "site/yard.mp4", "size": 7, "type": "file", "LastModified": "2026-03-29"},
            }
        ).encode(),
    ),
    "file name": Parser(_start, b"gate_2026-03-29_02-30-00.mp4", ()),
}


def raises_another(parser: Parser, content: bytes) -> Exception | None:
    """The error of an input, if it is none that the parser may raise."""
    try:
        parser.parse(content)
    except parser.errors:
        return None
    except Exception as error:
        return error
    return None
