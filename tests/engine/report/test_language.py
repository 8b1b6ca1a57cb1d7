"""Reports in other languages than English."""

from __future__ import annotations

import hashlib
import platform
import socket
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.common.language import in_language
from engine.export.caveats import Caveats
from engine.export.reviewed import ReviewedRecording
from engine.redaction.regions import Keyframe, RedactedRegion, Redaction, RedactionMethod
from engine.review.document import Verdict
from engine.review.edits import person
from engine.scoring.conditions import Condition, ConditionKind
from engine.scoring.drift import Drift, DriftKind
from engine.scoring.zones import Zone, ZoneKind
from engine.video.frame import LostFrames
from tests.clips import make_clip
from tests.engine.export.reviews import evidence, judged, reviewed
from tests.engine.report.test_report import Page, report
from tests.vadgui.pseudo_language import is_translated, pseudo_language

__all__ = ["pseudo_language"]

SAME = (
    *("alert", "you", "an8", "ann", "gate 視.mp4", "Plaza"),
    *("SHA-256", "UTC", "h264", "f1", "f2", "d1"),
    *(platform.platform(), socket.gethostname(), person()),
)
"""What no language changes: names, and what a person wrote."""
SAID_ALOUD = ("alt", "aria-label")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "gate 視.mp4", 150)


def with_all_there_is_to_say(clip: Path) -> ReviewedRecording:
    recording = reviewed(clip)
    region = RedactedRegion(RedactionMethod.BLUR, (Keyframe(0, ((0.0, 0.0), (0.1, 0.0), (0.1, 0.1))),))
    kinds = (ConditionKind.COVERED, ConditionKind.CHANGED, ConditionKind.DARKER, ConditionKind.BRIGHTER)
    outlines = tuple(evidence().outlines(2.0, at_least=1))
    assert outlines
    scores = np.array(recording.scores)
    scores[100:110] = np.nan
    return replace(
        recording,
        segments=(replace(recording.segments[0], outlines=outlines), *recording.segments[1:]),
        scores=scores,
        info=replace(recording.info, lost=(LostFrames(40, 3),), replaced_times=(50,)),
        lacks_detector=True,
        caveats=Caveats(
            conditions=[Condition(kind, 1.0, 3.0) for kind in kinds], drifts=[Drift(DriftKind.SHAKING, 0.0, 90.0)]
        ),
        zones=(Zone.rectangle(ZoneKind.IGNORED, (0.0, 0.0), (0.2, 0.2)),),
        redaction=Redaction((region,), blurs_picture=True),
        hidden=(judged(60, 65, Verdict.DISMISSED, reason="weather"),),
    )


def untranslated(page: Page, video: Path) -> list[str]:
    """Texts, also those that screen readers say, in which words are not translated."""
    said = [value for _, given in page.elements for name, value in given.items() if name in SAID_ALOUD]
    same = (*filter(None, SAME), hashlib.sha256(video.read_bytes()).hexdigest())
    return [text for text in (page.text, *said) if not is_translated(text, same)]


@pytest.mark.usefixtures("pseudo_language")
def test_every_text_of_a_report_is_translated(tmp_path: Path, clip: Path) -> None:
    recording = with_all_there_is_to_say(clip)
    other = replace(
        reviewed(clip, fingerprint="f2", start=None), scores=None, rule=None, detector=None, score_name="", segments=()
    )
    page = report(tmp_path, recording, other, evidence_of=lambda _: nullcontext(lambda _: evidence()))
    assert page.all("img")
    assert "Heat map" in str(page.all("img"))
    for said in ("⟦covered lens⟧", "⟦the picture shakes⟧", "⟦animal⟧", "⟦weather⟧", "px a frame more than predicted"):
        assert said in page.text
    assert untranslated(page, clip) == []


def test_a_german_report_says_that_it_is_german(tmp_path: Path, clip: Path) -> None:
    with in_language("de"):
        page = report(tmp_path, with_all_there_is_to_say(clip))
    assert page.all("html")[0]["lang"] == "de"
    for said in ("Sichtung von gate 視.mp4", "bestätigt", "Abschnitt 1", "Fingerabdruck", "verdecktes Objektiv"):
        assert said in page.text


def test_what_is_filled_into_a_translation_stays_text(tmp_path: Path, clip: Path) -> None:
    hostile = "<img src=x onerror=alert(1)>\"'.mp4"
    with in_language("de"):
        page = report(tmp_path, reviewed(clip, name=hostile))
    assert hostile in page.text
    assert all(set(image) == {"src", "alt"} and image["src"].startswith("data:") for image in page.all("img"))
