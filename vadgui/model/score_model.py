"""What the raw signals of a recording say: scores, the segments that a rule makes of them, how the camera does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal

from engine.common.language import tr, tr_noop
from engine.scoring.calibration import Calibration
from engine.scoring.conditions import Condition, drifts_apart_from
from engine.scoring.damage import beside_damage
from engine.scoring.drift import Drift
from engine.scoring.incremental import IncrementalScores
from engine.scoring.lights import light_names
from engine.scoring.ranking import most_suspicious
from engine.scoring.sampling import Frames
from engine.scoring.scorer import Doubt, Scorer
from engine.scoring.scorers import default_scorer
from engine.scoring.segments import Segment, SegmentFinder, SegmentRule
from engine.scoring.signals import RawSignals, is_judged
from engine.scoring.where import Outline, WindowEvidence
from engine.video.source import VideoInfo, own_frame_seconds

Times = npt.NDArray[np.float64]

_TELL_INTERVAL_MS = 200  # the paper's scores change with every batch; announcing them more often helps nobody
_TELL_SHARE = 0.05  # of the GUI thread's time at most: a day of video has two million frames
ROWS_A_STEP = 8192  # some ten milliseconds' work
_BETWEEN_STEPS_MS = 10  # as much again for whatever else the window does
_OTHER_LIGHT = tr_noop(
    "How often normal life reaches the threshold in this light, it can't know.\n"
    "Calibrate the detector on normal footage of this light, too."
)


class ScoreModel(QObject):
    """Takes raw signals as they come, and tells what follows from them: of many at once, bit by bit."""

    scores_changed = Signal()
    """Scores or times changed; `segments_changed` follows when the segments did too."""
    segments_changed = Signal()
    selection_changed = Signal()
    drifts_changed = Signal()
    """What is said of the camera changed: how the recording differs from the calibration's footage, or fails."""
    rule_changed = Signal()
    """Another rule, or another scorer with a rule of its own."""
    signals_added = Signal(object)
    """Raw signals of these frames [K] came, in the order of time or not."""
    caught_up = Signal()
    """All that follows from the signals so far has been told."""

    def __init__(
        self,
        rule: SegmentRule | None = None,
        parent: QObject | None = None,
        *,
        choose_scorer: Callable[[Calibration | None], Scorer] = default_scorer,
    ) -> None:
        """`rule` is that of the score of a detector that is not calibrated; `choose_scorer` says which each has."""
        super().__init__(parent)
        self._choose_scorer = choose_scorer
        self._calibration: Calibration | None = None
        self._light_names: list[str] = []
        self._scorer = choose_scorer(None)
        self._told_scorer: Scorer | None = self._scorer
        self._first_rules = {self._scorer.name: rule} if rule else {}
        self._rules = dict(self._first_rules)
        self.arrange: Callable[[list[Segment]], list[Segment]] = lambda flagged: flagged
        """Makes the segments to review of those that the rule flags."""
        self._flagged: list[Segment] = []
        self._moved_from: dict[str, SegmentRule] = {}
        self._segments: list[Segment] = []
        self._selected: Segment | None = None
        self._moment: Segment | None = None
        self._drifts: list[Drift] = []
        self._conditions: list[Condition] = []
        self._is_other_scene = False
        self._told_at = 0.0
        self._tell_interval_ms = _TELL_INTERVAL_MS
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._step)
        self.start_over(None, np.empty(0), None)

    @property
    def signals(self) -> RawSignals:
        """Raw signals [N]; NaN where not analysed yet."""
        return self._incremental.signals

    @property
    def scores(self) -> npt.NDArray[np.floating]:
        """Anomaly scores [N] of `scorer`, as displayed; NaN where not analysed yet."""
        return self._scores

    @property
    def scorer(self) -> Scorer:
        """What the scores are: the best that the detector in use has."""
        return self._scorer

    @property
    def rough_scores(self) -> npt.NDArray[np.floating]:
        """Anomaly scores [N] where samples nearby are missing, so that they can still change; NaN elsewhere."""
        return self._incremental.rough_scores()

    @property
    def top(self) -> float:
        """The end of the scores' scale."""
        return self._scorer.axis_top(self._highest, self.rule.enter)

    @property
    def goes_beyond_top(self) -> bool:
        """Whether some score is above the end of the scale."""
        return self._highest > self.top

    @property
    def rule(self) -> SegmentRule:
        """How scores become segments."""
        return self._rules.get(self._scorer.name) or self._scorer.rule()

    @property
    def segments(self) -> list[Segment]:
        """Segments to review in order of time: what is flagged so far, as `arrange` has it."""
        return self._segments

    @property
    def selected(self) -> Segment | None:
        """The current segment: what "export" means."""
        return self._selected

    @property
    def moment(self) -> Segment | None:
        """The moment that is looked into though it is not flagged."""
        return self._moment

    @property
    def drifts(self) -> list[Drift]:
        """Where the recording does not look like the calibration's footage, as far as it is analysed."""
        return self._drifts

    @property
    def conditions(self) -> list[Condition]:
        """When the camera fails, as far as the recording is analysed."""
        return self._conditions

    @property
    def is_other_scene(self) -> bool:
        """Whether the recording is of another scene than the detector's: nothing is flagged then."""
        return self._is_other_scene

    @property
    def other_rate(self) -> str:
        """That the recording's frame rate is far from the calibration's footage, in words; else empty."""
        return self._other_rate

    def light_at(self, frame: int) -> str:
        """What the light of a frame is, in words; empty where the detector knows one light alone."""
        return self._light_names[self._incremental.light_of(frame)] if self._light_names else ""

    def outlines(self, evidence: WindowEvidence, frame: int) -> list[Outline]:
        """What stands out in a frame that is flagged or looked into, the strongest first; nothing in others."""
        score = self._scores[frame] if frame < len(self._scores) else np.nan
        is_flagged = score >= self.rule.enter and not self._is_other_scene
        outlined = [*self._segments, *([self._moment] if self._moment else [])]
        if is_flagged or any(each.start <= frame < each.stop for each in outlined):
            return evidence.outlines(self.rule.enter, at_least=1)
        return []

    def moments(self, count: int) -> list[Segment]:
        """So many of the most suspicious moments beside the segments, the highest first, whatever the threshold.

        Also of another scene than the detector's: its scores flag nothing, but tell what to look at first.
        """
        scores = np.where(self._incremental.in_condition(), np.nan, self._scores) if self._conditions else self._scores
        return most_suspicious(scores, self._times, count, self._segments)

    def expected_alarms(self) -> tuple[int, int] | None:
        """How many of the recording's segments are false alarms at the threshold, at the least and at the most.

        Nine times in ten; None where nobody knows, or nothing is open.
        """
        if self._video is None or self._is_other_scene:
            return None
        return self._scorer.expected_alarms(self.rule.enter, self._video.shown_seconds / 3600)

    def doubt(self) -> Doubt | None:
        """What is not known of the false alarms at the threshold; None where nothing has to be said."""
        if any(each.is_judged for each in self._conditions):
            text = tr("nobody knows how many: other light than it was calibrated on")
            return Doubt(text, tr(_OTHER_LIGHT), tr("nobody knows how many"))
        return self._scorer.doubt(self.rule.enter)

    def reason(self, segment: Segment) -> str:
        """Why a segment was flagged, in words; empty where the score goes by one thing alone."""
        key = (segment.peak_frame, segment.peak_score)
        if key not in self._reasons:
            self._reasons[key] = self._scorer.reason(segment, self.signals, self._times)
        return self._reasons[key]

    def start_over(self, video: VideoInfo | None, times: Times, calibration: Calibration | None) -> None:
        """Begin with a recording of which nothing is analysed; tells nobody before `tell_all`."""
        self._calibration = calibration
        has_several = calibration is not None and bool(calibration.other_lights)
        self._light_names = light_names(calibration.references) if calibration and has_several else []
        self._take_video(video, times)
        self._scorer = self._choose_scorer(calibration)
        self._incremental = self._nothing_yet()
        self._flagged = []
        self._reasons: dict[tuple[int, float], str] = {}
        self._selected = self._moment = None
        self._drifts, self._conditions, self._is_other_scene = [], [], False
        self._timer.stop()
        self._tell_interval_ms = 0  # what comes first is told at once
        self._take_scores()
        self._segments = self.arrange([])

    def forget_rules(self) -> None:
        """Every recording begins with the rules that its scores have by themselves; tells nobody before `tell_all`."""
        self._rules = dict(self._first_rules)
        self._moved_from.clear()
        self._told_scorer = None

    def _take_video(self, video: VideoInfo | None, times: Times) -> None:
        self._video, self._times = video, times
        self._finder = SegmentFinder(times)
        self._other_rate = ""
        if video and self._calibration:
            self._other_rate = self._calibration.other_rate(own_frame_seconds(video, times))

    def _nothing_yet(self) -> IncrementalScores:
        references = self._calibration.references if self._calibration else ()
        damaged = beside_damage(self._video.concealed, self._times) if self._video else None
        return IncrementalScores(self._scorer, self._times, references, damaged)

    def tell_all(self) -> None:
        """Tell that everything is another."""
        if self._told_scorer != self._scorer:
            self._told_scorer = self._scorer
            self.rule_changed.emit()
        for changed in (self.scores_changed, self.segments_changed, self.drifts_changed, self.selection_changed):
            changed.emit()

    def revise_times(self, video: VideoInfo, times: Times) -> None:
        """Keep what is known of frames that are there; tells nobody before `catch_up`."""
        known = self.signals
        self._take_video(video, times)
        self._incremental = self._nothing_yet()
        judged = np.flatnonzero(is_judged(known))
        self.add(judged, known[judged])
        self._take_scores()

    def add(self, frames: Frames, rows: RawSignals) -> None:
        """Take over raw signals [K] of judged frames [K]; scores follow a moment later."""
        if len(frames) and frames.max() < len(self.signals) and self.signals[frames].tobytes() == rows.tobytes():
            return  # an analysis that is taken up tells again what was shown before the detector was loaded
        self._incremental.add(frames, rows)
        self.signals_added.emit(frames)
        if not self._timer.isActive():
            self._timer.start(self._tell_interval_ms)

    def add_if_unknown(self, index: int, row: np.void) -> None:
        """Take over the raw signals of a frame, unless the analysis has been there: it knows more."""
        if index < len(self.signals) and not is_judged(self.signals[[index]])[0]:
            self.add(np.array([index]), np.array([row]))

    def catch_up(self) -> bool:
        """Tell now all that follows from the signals, if that takes a moment; else `caught_up` comes later."""
        if self._timer.isActive():
            self._told_at = 0.0
            self._step()
        return self._incremental.is_up_to_date

    def _step(self) -> None:
        self._incremental.derive(ROWS_A_STEP)
        waits = not self._incremental.is_up_to_date
        started = time.perf_counter()
        if not waits or 1000 * (started - self._told_at) >= self._tell_interval_ms:
            self._tell()
            self._told_at = time.perf_counter()
            cost_ms = 1000 * (self._told_at - started)
            self._tell_interval_ms = max(_TELL_INTERVAL_MS, round(cost_ms / _TELL_SHARE))
        if waits:
            self._timer.start(_BETWEEN_STEPS_MS)
        else:
            self._timer.stop()
            self.caught_up.emit()

    def _tell(self) -> None:
        self._take_scores()
        said = (self._drifts, self._conditions, self._is_other_scene)
        self._look_at_camera()
        self.scores_changed.emit()
        self._find_segments()
        if said != (self._drifts, self._conditions, self._is_other_scene):
            self.drifts_changed.emit()

    def set_rule(self, rule: SegmentRule) -> None:
        """Find segments by another rule; each scorer keeps its own."""
        if rule != self.rule:
            self._rules[self._scorer.name] = rule
            self.rule_changed.emit()
            self._find_segments()

    def reset_rule(self) -> None:
        """Find segments by the rule that the scorer has by itself."""
        self.set_rule(self._first_rules.get(self._scorer.name) or self._scorer.rule())

    def set_threshold(self, enter: float) -> None:
        """Find segments at another threshold; where they end follows it."""
        if self.rule.enter > 0:
            # At a threshold of 0 the proportion of leave to enter is lost: keep the last rule that has one.
            self._moved_from[self._scorer.name] = self.rule
        leave = self._scorer.leave_for(enter, self._moved_from.get(self._scorer.name, self.rule))
        self.set_rule(replace(self.rule, enter=enter, leave=leave))

    def select(self, segment: Segment | None) -> None:
        """Make a segment the current one."""
        self._choose(segment, None)

    def look_into(self, moment: Segment) -> None:
        """Outline what stands out most in a moment that is not flagged; no segment is the current one."""
        self._choose(None, moment)

    def _choose(self, segment: Segment | None, moment: Segment | None) -> None:
        if (segment, moment) != (self._selected, self._moment):
            self._selected, self._moment = segment, moment
            self.selection_changed.emit()

    def _take_scores(self) -> None:
        self._scores = self._incremental.scores()
        self._highest = float(np.fmax.reduce(self._scores, initial=0.0))

    def _find_segments(self) -> None:
        self._flagged = self._finder.find(self.flaggable, self.rule)
        self.rearrange()

    def rearrange(self) -> None:
        """Arrange what is flagged anew."""
        segments = self.arrange(self._flagged)
        if segments != self._segments:
            self._segments = segments
            self.segments_changed.emit()
        if self._selected and self._selected not in segments:
            # The segment grew, moved or went while scores came in: follow the one that holds its peak.
            peak = self._selected.peak_frame
            self.select(next((s for s in segments if s.start <= peak < s.stop), None))

    def _look_at_camera(self) -> None:
        self._conditions = self._incremental.conditions()
        self._drifts = drifts_apart_from(self._conditions, self._incremental.drifts())
        self._is_other_scene = self._incremental.is_other_scene()

    @property
    def flaggable(self) -> npt.NDArray[np.floating]:
        """The scores [N] that may be flagged; NaN for the others."""
        if self._is_other_scene:
            return np.full(len(self._scores), np.nan)
        return np.where(self._incremental.in_condition(), np.nan, self._scores) if self._conditions else self._scores
