"""The banner that offers a camera's zones: not where the picture is known to be another camera's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.scoring.drift import Reference
from engine.scoring.signals import RawSignals
from engine.scoring.zones import Zone, ZoneKind
from tests.vadgui.synthetic import add_rows, calibrated_detector, calibrated_signals, open_session, steady_times
from vadgui.window.zone_banner import ZoneBanner

COUNT = 25 * 60
TIMES = steady_times(COUNT)
LAYOUT = np.linspace(60, 190, 64).reshape(8, 8)


def signals_of(layout: np.ndarray) -> RawSignals:
    signals = calibrated_signals(COUNT, [])
    signals["layout"][1:] = layout
    signals["sharpness"][1:] = 8
    signals["camera_motion_px"][1:] = 0
    return signals


@pytest.mark.parametrize(("layout", "offered"), [(LAYOUT, True), (LAYOUT[::-1, ::-1].T, False)])
def test_zones_are_not_offered_for_another_scene(
    layout: np.ndarray, offered: bool, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    zones = (Zone.rectangle(ZoneKind.IGNORED, (0.0, 0.5), (1.0, 1.0)),)
    monkeypatch.setattr("vadgui.window.zone_banner.zones_drawn_with", lambda _: zones)
    detector = calibrated_detector()
    assert detector.calibration is not None
    reference = Reference.of([(signals_of(LAYOUT), TIMES)])
    detector = replace(detector, calibration=replace(detector.calibration, reference=reference))
    session = open_session(TIMES, detector=detector)
    banner = ZoneBanner(session)
    qtbot.addWidget(banner)
    assert "another recording has 1 ignored zone" in banner.text()
    add_rows(session.scoring, 0, signals_of(layout))
    while not session.scoring.catch_up():
        pass
    assert session.scoring.is_other_scene is not offered
    assert bool(banner.text()) is offered
