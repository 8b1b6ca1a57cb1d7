"""No text of the list of segments is forgotten in another language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from engine.common.language import SOURCE_LANGUAGE, tr, use_language
from engine.review.document import Verdict
from tests.vadgui.pseudo_language import untranslated
from tests.vadgui.synthetic import open_session, signals_with_bumps, steady_times
from vadgui.model.engine_state import AnalysisPhase, AnalysisState
from vadgui.model.session import ReviewSession
from vadgui.segments.dismiss_menu import DismissMenu
from vadgui.segments.model import SegmentFilter, SegmentModel, judged_of
from vadgui.segments.verdict_bar import VerdictBar
from vadgui.segments.view import SegmentList

COUNT = 600


@pytest.fixture
def german() -> Iterator[None]:
    use_language("de")
    yield
    use_language(SOURCE_LANGUAGE)


@pytest.fixture
def session(qtbot: QtBot) -> ReviewSession:
    del qtbot
    return open_session(steady_times(COUNT), signals_with_bumps(COUNT, [(100, 120), (300, 320)]))


@pytest.mark.usefixtures("pseudo_language")
def test_list(session: ReviewSession, qtbot: QtBot) -> None:
    session.review.edit(lambda editor: editor.judge(session.review.segments[0], Verdict.DISMISSED, "normal"))
    judged = judged_of(session.review.segments[0])
    same = ("UTC", judged.who if judged else "")
    view = SegmentList(session)
    qtbot.addWidget(view)
    view.moments.enter()
    assert untranslated(view, same) == []
    for phase in AnalysisPhase:
        session.set_analysis(AnalysisState(phase, COUNT, COUNT))
        for which in SegmentFilter:
            view._arrange(view.model.order, which)
            assert untranslated(view, same) == []


@pytest.mark.usefixtures("pseudo_language")
@pytest.mark.parametrize("phase", AnalysisPhase)
def test_nothing_flagged(phase: AnalysisPhase, qtbot: QtBot) -> None:
    session = open_session(steady_times(COUNT), signals_with_bumps(COUNT, []))
    view = SegmentList(session)
    qtbot.addWidget(view)
    session.review.set_threshold(1.0)
    session.set_analysis(AnalysisState(phase, COUNT, COUNT))
    assert untranslated(view) == []
    empty = SegmentList(ReviewSession())
    qtbot.addWidget(empty)
    assert untranslated(empty) == []


@pytest.mark.usefixtures("pseudo_language")
def test_verdicts(session: ReviewSession, qtbot: QtBot) -> None:
    first = session.review.segments[0]
    session.review.edit(lambda editor: editor.judge(first, Verdict.CONFIRMED))
    session.review.set_threshold(1.0)
    bar = VerdictBar(
        session, {name: QAction(tr(name)) for name in ("confirm", "dismiss", "unsure", "bookmark", "note")}
    )
    qtbot.addWidget(bar)
    assert untranslated(bar) == []
    menu = DismissMenu([], bar)
    assert untranslated(menu) == []
    menu.deleteLater()


@pytest.mark.usefixtures("german")
def test_german(session: ReviewSession, qtbot: QtBot) -> None:
    view = SegmentList(session)
    qtbot.addWidget(view)
    assert view.count_text() in ("2 Abschnitte", "bisher 2")
    assert [view.filter_box.itemText(row) for row in range(4)] == ["Alle", "Unbeurteilt", "Bestätigt", "Verworfen"]
    model = SegmentModel(session, view)
    model.update()
    assert "Spitzenwert" in model.sentence(model.segment(0))
