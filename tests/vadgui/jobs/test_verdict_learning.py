"""Learning from verdicts with real videos: what is not analysed yet is, and the detector is kept under its own name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.calibrating.reviewed import Recalibrated
from engine.common.events import Progress, never_stop
from engine.detector_library import DetectorLibrary
from engine.models.detector import load_detector
from engine.review.document import DetectorUsed, JudgedSegment, Verdict
from engine.review.verdicts import FoundVerdicts
from tests.drift import LEFT, SEGMENT, film
from tests.engine.commands.reviews import write_review
from vadgui.jobs.verdict_learning import VerdictRequest, find_verdicts, keep_learnt, learn_from_verdicts


@pytest.mark.slow
def test_from_a_review_to_the_library(drift_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VADGUI_CACHE", str(tmp_path / "cache"))
    file = Path(shutil.copy(drift_file, tmp_path))
    fingerprint = load_detector(file)[1]
    video = film(tmp_path / "left.avi", 5, LEFT)
    judged = JudgedSegment(
        start=SEGMENT.start, stop=SEGMENT.stop, verdict=Verdict.DISMISSED, reason="normal", covers=SEGMENT
    )
    write_review(video, judged, detector=DetectorUsed("Drift", fingerprint), score="calibrated")

    *_, found = find_verdicts({video: ""}, fingerprint, never_stop)
    assert isinstance(found, FoundVerdicts)
    request = VerdictRequest(file, "cpu", found.recordings, frozenset({"normal"}))
    *progress, learnt = learn_from_verdicts(request, never_stop)
    assert isinstance(learnt, Recalibrated)
    phases = {each.phase for each in progress if isinstance(each, Progress)}
    assert {"Analysing", "Measuring dismissed segments"} <= phases
    (effect,) = learnt.effects
    assert effect.before >= effect.enter > effect.after

    library = DetectorLibrary(tmp_path / "library")
    monkeypatch.setattr("vadgui.jobs.single_work.DetectorLibrary", lambda: library)
    assert all(entry.is_bundled for entry in library.entries()), "nothing is kept unasked"
    (path,) = keep_learnt(learnt, request)
    entry = library.entry(path)
    assert (entry.name, entry.note) == (
        "Drift, from verdicts",
        "Takes as normal what was dismissed as normal in left.avi",
    )
    assert load_detector(file)[1] == fingerprint, "the old one stays"
