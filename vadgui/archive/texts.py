"""What is said of segments and recordings of an archive, the same in lanes, lists and tips."""

from __future__ import annotations

from datetime import date, datetime

from PySide6.QtCore import QDate, QLocale

from engine.archive.lanes import Footage
from engine.archive.schema import AnalysisState
from engine.archive.searching import Hit
from engine.common.language import number_text, tr, tr_noop
from engine.common.names import displayable
from vadgui.ui.clock_text import clock_text
from vadgui.ui.language import dates_locale

_ANALYSIS_WORDS = {
    AnalysisState.WAITING: tr_noop("not analysed yet"),
    AnalysisState.RUNNING: tr_noop("being analysed"),
    AnalysisState.DONE: tr_noop("analysed"),
    AnalysisState.FAILED: tr_noop("the analysis failed"),
}


def day_words(day: date) -> str:
    """A day with its weekday."""
    return dates_locale().toString(QDate(day.year, day.month, day.day), QLocale.FormatType.LongFormat)


def hour_words(moment: datetime) -> str:
    """A time of day here."""
    return f"{moment.astimezone():%H:%M:%S}"


def when_words(hit: Hit) -> str:
    """When a segment begins."""
    return f"{hit.start_time.astimezone():%Y-%m-%d %H:%M:%S}" if hit.start_time else tr("time unknown")


def score_words(hit: Hit) -> str:
    """The peak score."""
    return number_text(hit.peak_score, ".2f") if hit.peak_score is not None else "–"


def reason_words(hit: Hit) -> str:
    """Why it was flagged."""
    return tr(hit.reason) if hit.reason else tr("drawn by hand") if hit.peak_score is None else ""


def verdict_words(hit: Hit) -> str:
    """What was said of it, with the reason of that."""
    said = tr(hit.verdict)
    return f"{said} ({tr(hit.verdict_reason)})" if hit.verdict_reason else said


def recording_words(hit: Hit) -> str:
    """The recording and where in it."""
    place = {"recording": displayable(hit.path.name), "time": clock_text(hit.start_seconds, 0)}
    return tr("{recording} at {time}").format_map(place)


def hit_sentence(hit: Hit) -> str:
    """All that is to be said of a segment, in a line."""
    score = tr("score {score:.2f}").format(score=hit.peak_score) if hit.peak_score is not None else ""
    parts = (hit.camera, when_words(hit), score, reason_words(hit), verdict_words(hit), hit.note)
    return ", ".join(filter(None, parts))


def footage_sentence(footage: Footage) -> str:
    """All that is to be said of a recording on a lane, in a line."""
    state = tr("its file is missing") if footage.is_missing else tr(_ANALYSIS_WORDS[footage.analysis])
    span = f"{hour_words(footage.start)}–{hour_words(footage.stop)}"
    return ", ".join((footage.camera, span, state, displayable(footage.path.name)))
