"""The banner that warns of a picture unlike the calibration footage, and how long it stays hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from engine.scoring.drift import Reference
from engine.scoring.signals import RawSignals
from engine.video.frame import ConcealedFrames, LostFrames
from tests.vadgui.synthetic import (
    DETECTOR,
    add_rows,
    calibrated_detector,
    calibrated_signals,
    open_session,
    steady_times,
    video_info,
)
from vadgui.model.engine_state import DetectorSummary
from vadgui.model.session import ReviewSession
from vadgui.window.drift_banner import DriftBanner

COUNT = 25 * 60
TIMES = steady_times(COUNT)
LAYOUT = np.linspace(60, 190, 64).reshape(8, 8)


def signals(*, light: float = 1.0, until: int = 0) -> RawSignals:
    """Raw signals of normal footage, with layout and sharpness multiplied by `light` before frame `until`."""
    raw_signals = calibrated_signals(COUNT, [])
    raw_signals["layout"][1:] = LAYOUT
    raw_signals["sharpness"][1:] = 8
    raw_signals["camera_motion_px"][1:] = 0
    raw_signals["layout"][1:until] = LAYOUT * light
    raw_signals["sharpness"][1:until] = 8 * light
    return raw_signals


@pytest.fixture
def detector() -> DetectorSummary:
    calibration = calibrated_detector().calibration
    assert calibration is not None
    return replace(DETECTOR, calibration=replace(calibration, reference=Reference.of([(signals(), TIMES)])))


@pytest.fixture
def session(detector: DetectorSummary) -> ReviewSession:
    return open_session(TIMES, signals(light=0.5, until=40 * 25), detector=detector)


@pytest.fixture
def banner(session: ReviewSession, qtbot: QtBot) -> Iterator[DriftBanner]:
    window = QWidget()
    qtbot.addWidget(window)
    banner = DriftBanner(session, window)
    QVBoxLayout(window).addWidget(banner)
    window.resize(900, 60)
    window.show()
    yield banner
    window.close()


def test_names_the_difference_and_its_duration(banner: DriftBanner) -> None:
    assert banner.isVisible()
    assert "it is darker for 40 s" in banner.text()
    assert not banner.learn_button.isVisible()


def test_is_hidden_for_normal_recordings_and_without_a_reference(banner: DriftBanner, session: ReviewSession) -> None:
    session.open_video(video_info(TIMES), TIMES)
    assert not banner.isVisible()
    add_rows(session.scoring, 0, signals())
    session.scoring.catch_up()
    assert (banner.isVisible(), session.scoring.drifts) == (False, [])
    for detector_without_reference in (calibrated_detector(), DETECTOR):
        session.use_detector(detector_without_reference)
        add_rows(session.scoring, 0, signals(light=0.5, until=COUNT))
        session.scoring.catch_up()
        assert not banner.isVisible()


def test_appears_while_the_analysis_runs(banner: DriftBanner, session: ReviewSession) -> None:
    session.open_video(video_info(TIMES), TIMES)
    dark = signals(light=0.5, until=COUNT)
    for seconds, is_shown in ((10, False), (35, True)):
        add_rows(session.scoring, 0, dark[: seconds * 25])
        session.scoring.catch_up()
        assert banner.isVisible() is is_shown


def test_once_hidden_it_stays_hidden_until_another_warning_or_another_recording(
    banner: DriftBanner, session: ReviewSession, qtbot: QtBot
) -> None:
    qtbot.mouseClick(banner.hide_button, Qt.MouseButton.LeftButton)
    assert not banner.isVisible()
    longer = signals(light=0.5, until=50 * 25)
    add_rows(session.scoring, 0, longer)
    session.scoring.catch_up()
    assert not banner.isVisible(), "the same drift, a little longer, is no new warning"
    add_rows(session.scoring, 0, signals(light=1.4, until=50 * 25))
    session.scoring.catch_up()
    assert "brighter" in banner.text()
    add_rows(session.scoring, 0, longer)
    session.scoring.catch_up()
    assert not banner.isVisible()
    session.open_video(video_info(TIMES), TIMES)
    add_rows(session.scoring, 0, longer)
    session.scoring.catch_up()
    assert banner.isVisible()


def test_warns_when_the_frame_rate_is_far_from_the_calibrations(
    banner: DriftBanner, session: ReviewSession, qtbot: QtBot
) -> None:
    times = steady_times(300, fps=5)
    session.open_video(video_info(times), times)
    assert banner.isVisible()
    assert "5 frames a second, the detector's calibration footage had 25" in banner.text()
    qtbot.mouseClick(banner.hide_button, Qt.MouseButton.LeftButton)
    assert not banner.isVisible()
    add_rows(session.scoring, 0, signals(light=0.5, until=COUNT))
    session.scoring.catch_up()
    assert "darker" in banner.text()
    session.open_video(video_info(TIMES), TIMES)
    assert not banner.isVisible()


def test_says_nothing_of_the_frame_rate_where_the_scene_is_another(banner: DriftBanner, session: ReviewSession) -> None:
    times = steady_times(300, fps=5)
    session.open_video(video_info(times), times)
    other = signals()[:300]
    other["layout"][1:] = LAYOUT[::-1, ::-1].T
    add_rows(session.scoring, 0, other)
    session.scoring.catch_up()
    assert banner.text() == "This is not the scene that the detector was calibrated for. Nothing is flagged."


def test_tells_lost_frames_and_gaps_as_soon_as_they_are_known(qtbot: QtBot) -> None:
    times = steady_times(COUNT)
    session = ReviewSession()
    window = QWidget()
    qtbot.addWidget(window)
    banner = DriftBanner(session, window)
    session.open_video(video_info(times), times)
    assert banner.text() == ""
    fewer = np.concatenate([times[:500], times[550:]])
    fewer[900:] += 3600
    damaged = {"lost": (LostFrames(500, 50),), "concealed": (ConcealedFrames(500, 525),)}
    session.revise_times(replace(video_info(fewer), **damaged), fewer)
    assert banner.text().splitlines() == [
        "50 of 1500 frames are damaged and lost: 0:20.0 to 0:22.0.",
        "Pictures of 25 frames are damaged and no evidence: 0:22.0 to 0:23.0.",
        "A gap without pictures: 60 min from 0:38.0.",
    ]
    qtbot.mouseClick(banner.hide_button, Qt.MouseButton.LeftButton)
    assert banner.text() == ""


def failing(start: int, stop: int) -> RawSignals:
    """Normal footage of which the picture stands still from one frame to another."""
    raw_signals = signals()
    raw_signals["median_change"][1:], raw_signals["changed_share"][1:] = 0.5, 0.1
    raw_signals["contrast"][1:], raw_signals["highest_change"][1:] = 40, 30
    raw_signals["highest_change"][start:stop] = 0
    return raw_signals


def test_says_when_the_camera_fails(banner: DriftBanner, session: ReviewSession, qtbot: QtBot) -> None:
    session.open_video(video_info(TIMES), TIMES)
    add_rows(session.scoring, 0, failing(10 * 25, 20 * 25))
    session.scoring.catch_up()
    assert "Nothing is flagged where the camera fails: frozen picture at 0:00:10 for 10 s." in banner.text()
    qtbot.mouseClick(banner.hide_button, Qt.MouseButton.LeftButton)
    assert not banner.isVisible()
    add_rows(session.scoring, 40 * 25, failing(40 * 25, 50 * 25)[40 * 25 :])
    session.scoring.catch_up()
    assert "0:00:40" in banner.text()


def test_says_at_once_that_the_scene_is_another(banner: DriftBanner, session: ReviewSession, qtbot: QtBot) -> None:
    session.open_video(video_info(TIMES), TIMES)
    other = calibrated_signals(COUNT, [(300, 400)])
    other["sharpness"][1:] = 3
    other["layout"][1:] = LAYOUT[::-1, ::-1].T
    add_rows(session.scoring, 1, other[1:40])
    session.scoring.catch_up()
    assert banner.isVisible()
    assert banner.text() == "This is not the scene that the detector was calibrated for. Nothing is flagged."
    with qtbot.waitSignal(banner.learn_button.clicked):
        qtbot.mouseClick(banner.learn_button, Qt.MouseButton.LeftButton)
    add_rows(session.scoring, 0, other)
    while not session.scoring.catch_up():
        pass
    assert session.scoring.scores[350] > session.scoring.rule.enter
    assert session.scoring.segments == []
    own = calibrated_signals(COUNT, [(300, 400)])
    own["sharpness"][1:], own["layout"][1:] = 8, LAYOUT
    session.open_video(video_info(TIMES), TIMES)
    add_rows(session.scoring, 0, own)
    while not session.scoring.catch_up():
        pass
    assert len(session.scoring.segments) == 1
    assert not banner.isVisible()
