"""The persistent settings: each is declared once, with its key, default and description."""

from __future__ import annotations

import json
import re
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from engine.common.in_time import is_file_in_time
from engine.common.json_values import decode
from engine.common.language import LANGUAGES, tr_noop
from engine.common.paths import written_out
from engine.common.remote_path import as_path
from engine.export.clip import ClipLayout
from engine.export.clip_names import DEFAULT_TEMPLATE
from engine.export.mosaic import Panel
from engine.video.encoding import ClipFormat, Quality
from vadgui.setting import Form, Page, Setting, Shown
from vadgui.ui.devices import DEVICES
from vadgui.ui.theme import ThemeChoice

MOST_MB = 100_000.0
"""The largest size that a clip can be made to fit."""
MOST_MARGIN_SECONDS = 3600.0
"""The longest that a clip can show before and after its segment."""
_MAX_RECENT_VIDEOS = 10
_MAX_RECENT_COMMANDS = 6
_MAX_RECENT_ARCHIVES = 6


def _are_panels(names: str) -> bool:
    return not names or set(names.split(",")) <= set(get_args(Panel))


def _listed(text: str) -> list[str]:
    """What a text lists between commas."""
    return [each for each in text.split(",") if each]


def _is_object(text: str) -> bool:
    try:
        decode(text, dict[str, Any])
    except ValueError:
        return False
    return True


class Settings(QObject):
    """All settings; a value that was never set has its default."""

    changed = Signal(object)
    """The Setting whose value is another now."""

    theme = Setting(
        "appearance/theme",
        "system",
        tr_noop("Light, dark, or as the system."),
        lambda theme: theme in {choice.value for choice in ThemeChoice},
        Shown(
            Page.APPEARANCE,
            tr_noop("Theme"),
            {"system": tr_noop("As the system"), "light": tr_noop("Light"), "dark": tr_noop("Dark")},
        ),
    )
    language = Setting(
        "appearance/language",
        "system",
        tr_noop("The language of the window and of reports, from the next start on."),
        lambda language: language == "system" or language in LANGUAGES,
        Shown(Page.APPEARANCE, tr_noop("Language"), {"system": tr_noop("As the system"), **LANGUAGES}),
    )
    geometry = Setting("window/geometry", QByteArray(), "Where the window was.")
    layout = Setting("window/layout", QByteArray(), "Where its docks and tool bars were.")
    archive_geometry = Setting("archive/geometry", QByteArray(), "Where the window of an archive was.")
    archive_columns = Setting("archive/columns", QByteArray(), "How wide its calendar was.")
    archive_rows = Setting("archive/rows", QByteArray(), "How high its lanes of cameras were.")
    _recent_archives = Setting("recent/archives", "", "Archives opened lately, newest first, one a line.")
    detector = Setting("detector/path", "", "The detector used last, which is offered where none is chosen yet.")
    _detectors_by_folder = Setting(
        "detector/by_folder", "{}", "The detector of each folder's recordings: a JSON object of paths."
    )
    _newer_by_folder = Setting(
        "detector/newer_by_folder", "{}", "What learnt from a folder's detector, and is offered there: as above."
    )
    device = Setting(
        "detector/device",
        "auto",
        tr_noop("Where the detector runs; the fastest is a GPU where there is one."),
        lambda device: bool(re.fullmatch(r"auto|mps|cpu|cuda(:\d{1,3})?", device)),
        Shown(Page.ANALYSIS, tr_noop("Compute on"), DEVICES),
    )
    outlines = Setting(
        "view/outlines",
        True,
        tr_noop("Draw lines round what stands out in flagged frames."),
        shown=Shown(Page.APPEARANCE, tr_noop("Outlines")),
    )
    analyse_on_open = Setting(
        "analysis/on_open",
        True,
        tr_noop("Analyse a recording as soon as it is open and has a detector."),
        shown=Shown(Page.ANALYSIS, tr_noop("Analyse at once")),
    )
    loop_margin = Setting(
        "playback/loop_margin",
        1.0,
        tr_noop("Seconds before and after a segment that is looped."),
        lambda seconds: 0 <= seconds <= 60,
        Shown(Page.PLAYBACK, tr_noop("Margin of a loop"), most=60.0, unit=" s"),
    )
    time_of_day = Setting(
        "timeline/time_of_day",
        False,
        tr_noop("Show the time of day instead of the recording's own time, where it is known."),
        shown=Shown(Page.APPEARANCE, tr_noop("Time of day")),
    )
    video_folder = Setting("folders/videos", "", "Where the last recording was opened from.")
    export_folder = Setting(
        "folders/exports",
        "",
        tr_noop("Where exports go: the folder of the last one, until another is chosen; empty means your videos."),
        shown=Shown(Page.FILES, tr_noop("Exports"), form=Form.FOLDER),
    )
    runs_folder = Setting(
        "folders/runs",
        "",
        tr_noop("Where trainings keep their files; empty means among your data."),
        shown=Shown(Page.FILES, tr_noop("Trainings"), form=Form.FOLDER),
    )
    analyses_gib = Setting(
        "analyses/gib",
        4.0,
        tr_noop("What they may take on disk before those go that were used least lately. An hour takes 30 MB."),
        lambda gib: 0 <= gib <= 10_000,
        Shown(Page.FILES, tr_noop("Stored analyses"), most=10_000.0, unit=" GiB"),
    )
    analyses_days = Setting(
        "analyses/days",
        0.0,
        tr_noop("Of recordings that nobody opened for so long; 0 keeps them. Reviews stay."),
        lambda days: 0 <= days <= 36_500,
        Shown(Page.FILES, tr_noop("Remove unused analyses after"), most=36_500.0, unit=tr_noop(" days"), decimals=0),
    )
    _panel_order = Setting("view/panel_order", "", "Panels in their order, separated by commas; empty as usual.")
    _panels_shown = Setting("view/panels_shown", "", "Panels that are shown, separated by commas; empty as usual.")
    _lanes = Setting("timeline/lanes", "", "Lanes shown under the score, separated by commas.")
    export_panels = Setting(
        "export/panels", "", "Panels of the last export, separated by commas; empty means all.", _are_panels
    )
    export_strip = Setting(
        "export/score_strip",
        True,
        tr_noop("Draw the score strip under exported clips."),
        shown=Shown(Page.FILES, tr_noop("Score strip")),
    )
    export_layout = Setting(
        "export/layout",
        ClipLayout.MOSAIC.value,
        "What stands where in exported clips.",
        lambda layout: layout in list(ClipLayout),
    )
    export_format = Setting(
        "export/format",
        ClipFormat.MP4.value,
        "Format of exported clips.",
        lambda clip_format: clip_format in list(ClipFormat),
    )
    export_quality = Setting(
        "export/quality",
        Quality.MEDIUM.value,
        "Quality of exported MP4 files.",
        lambda quality: quality in list(Quality),
    )
    export_max_mb = Setting(
        "export/max_mb",
        0.0,
        "Largest size of exported MP4 files in megabytes, instead of a quality; 0 for none.",
        lambda size: 0 <= size <= MOST_MB,
    )
    export_texts_off = Setting("export/texts_off", "", "Texts that exported clips don't show, separated by commas.")
    export_copy = Setting("export/without_encoding", False, "Cut clips without re-encoding.")
    export_margin_seconds = Setting(
        "export/margin_seconds",
        0.0,
        "How many seconds exported clips show before and after their segment.",
        lambda seconds: 0 <= seconds <= MOST_MARGIN_SECONDS,
    )
    export_names = Setting("export/names", DEFAULT_TEMPLATE, "Template of the names of exported clips.")
    export_tables = Setting("export/tables", "csv", "Formats of the tables exported last, separated by commas.")
    export_report = Setting("export/report", "html", "Formats of the report, separated by commas: html, pdf.")
    package_copies = Setting("package/with_recording", True, "Copy the recording into evidence packages.")
    _dismiss_reasons = Setting(
        "review/reasons",
        "",
        tr_noop("Your own reasons to dismiss a segment, one a line; they follow those that come with the program."),
        shown=Shown(Page.REVIEW, tr_noop("Reasons"), form=Form.LINES),
    )
    _keys = Setting(
        "keys/by_action", "{}", "Keys that a person has chosen: a JSON object of lists, by action.", _is_object
    )
    _recent_commands = Setting(
        "recent/commands", "", "Actions run from the command palette, newest first, separated by commas."
    )
    _recent_videos = Setting("recent/videos", "", "Recordings opened lately, newest first, one path a line.")

    def __init__(self, store: QSettings | None = None) -> None:
        """Settings in the user's configuration file, or in `store`."""
        super().__init__()
        self.odd_keys: set[str] = set()
        """Settings that can't be used, and of which that was said."""
        self.store = store or QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "vadgui", "vadgui")

    @classmethod
    def temporary(cls) -> Settings:
        """Default settings in a temporary file: for runs that must not depend on earlier ones, or affect later ones."""
        folder = TemporaryDirectory(prefix="vadgui-settings-")
        settings = cls(QSettings(str(Path(folder.name) / "settings.ini"), QSettings.Format.IniFormat))
        weakref.finalize(settings, _discard, settings.store, folder)
        return settings

    @classmethod
    def declared(cls) -> list[Setting[Any]]:
        """All settings."""
        return [setting for setting in vars(cls).values() if isinstance(setting, Setting)]

    @property
    def keys(self) -> Mapping[str, Any]:
        """The keys that a person has chosen, by the name of their action: lists of texts, unless edited by hand."""
        return decode(self._keys, dict[str, Any])

    @keys.setter
    def keys(self, keys: Mapping[str, Sequence[str]]) -> None:
        self._keys = json.dumps({name: list(each) for name, each in keys.items()}, ensure_ascii=False)

    @property
    def panel_order(self) -> list[str]:
        """Names of the panels in the order that the person gave them."""
        return _listed(self._panel_order)

    @panel_order.setter
    def panel_order(self, names: Sequence[str]) -> None:
        self._panel_order = ",".join(names)

    @property
    def panels_shown(self) -> list[str]:
        """Names of the panels that are shown."""
        return _listed(self._panels_shown)

    @panels_shown.setter
    def panels_shown(self, names: Sequence[str]) -> None:
        self._panels_shown = ",".join(names)

    @property
    def lanes(self) -> list[str]:
        """Lanes shown under the score."""
        return _listed(self._lanes)

    @lanes.setter
    def lanes(self, keys: Sequence[str]) -> None:
        self._lanes = ",".join(keys)

    @property
    def dismiss_reasons(self) -> list[str]:
        """The person's own reasons to dismiss a segment, oldest first."""
        return [line for line in self._dismiss_reasons.splitlines() if line]

    def add_dismiss_reason(self, reason: str) -> None:
        """Offer a reason from now on."""
        self._take_in_others()
        self._dismiss_reasons = "\n".join(dict.fromkeys([*self.dismiss_reasons, reason]))

    @property
    def last_detector(self) -> Path | None:
        """The detector used last, if its file still exists and can be reached."""
        path = Path(self.detector) if self.detector else None
        return path if path and is_file_in_time(path) else None

    def detector_for(self, video: Path) -> Path | None:
        """The detector that was used last for the recordings of a folder; None where none was."""
        path = _paths_in(self._detectors_by_folder).get(_folder_of(video))
        return Path(path) if path else None

    def remember_detector(self, video: Path, detector: Path) -> None:
        """Use a detector for the recordings of a folder from now on."""
        self._take_in_others()
        self.detector = str(detector)
        detectors = _paths_in(self._detectors_by_folder)
        if detectors.get(_folder_of(video)) != str(detector):
            self.keep_detector(video)
        self._detectors_by_folder = _as_json({**detectors, _folder_of(video): str(detector)})

    def forget_detector(self, detector: Path) -> None:
        """A detector that can't be used is no folder's any more."""
        self._take_in_others()
        if self.detector == str(detector):
            self.detector = ""
        self._detectors_by_folder = _without(self._detectors_by_folder, detector)
        self._newer_by_folder = _without(self._newer_by_folder, detector)

    def offer_newer(self, detector: Path, newer: Path) -> None:
        """Offer what learnt from a detector, in each folder that uses the detector or was offered it."""
        self._take_in_others()
        offered = _paths_in(self._newer_by_folder)
        known = [*_paths_in(self._detectors_by_folder).items(), *offered.items()]
        offered |= {folder: str(newer) for folder, path in known if path == str(detector)}
        self._newer_by_folder = _as_json(offered)

    def newer_detector_for(self, video: Path) -> Path | None:
        """What learnt from the detector of a recording's folder and was not decided about there, if its file exists."""
        path = _paths_in(self._newer_by_folder).get(_folder_of(video))
        return Path(path) if path and is_file_in_time(Path(path)) else None

    def keep_detector(self, video: Path) -> None:
        """Offer no newer detector in a recording's folder."""
        self._take_in_others()
        offered = _paths_in(self._newer_by_folder)
        offered.pop(_folder_of(video), None)
        self._newer_by_folder = _as_json(offered)

    @property
    def recent_commands(self) -> list[str]:
        """Names of the actions that were run from the command palette, newest first."""
        return _listed(self._recent_commands)

    def remember_command(self, name: str) -> None:
        """Put an action at the top of those that the command palette offers first."""
        self._take_in_others()
        self._recent_commands = ",".join(list(dict.fromkeys([name, *self.recent_commands]))[:_MAX_RECENT_COMMANDS])

    @property
    def recent_videos(self) -> list[Path]:
        """Recently opened recordings, newest first; nobody looks for them, as a dead share would block."""
        return [as_path(line) for line in self._recent_videos.splitlines() if line]

    def remember_video(self, path: Path) -> None:
        """Put a recording at the top of the list of recent ones."""
        self._take_in_others()
        paths = [str(written_out(path)), *self._recent_videos.splitlines()]
        self._recent_videos = "\n".join(list(dict.fromkeys(paths))[:_MAX_RECENT_VIDEOS])

    @property
    def recent_archives(self) -> list[str]:
        """Files and URLs of archives opened lately, newest first; whether they are there is not looked for."""
        return [line for line in self._recent_archives.splitlines() if line]

    def remember_archive(self, place: str) -> None:
        """Put an archive at the top of the list of recent ones."""
        self._take_in_others()
        self._recent_archives = "\n".join(list(dict.fromkeys([place, *self.recent_archives]))[:_MAX_RECENT_ARCHIVES])

    def forget_videos(self) -> None:
        """Empty the list of recent recordings."""
        self._recent_videos = ""

    def _take_in_others(self) -> None:
        """Read what other windows have written since, so that adding to a list takes nothing of theirs out of it."""
        self.store.sync()


def _discard(store: QSettings, folder: TemporaryDirectory[str]) -> None:
    # What is not written yet would be later, by the store's destructor, into a folder made anew.
    with suppress(RuntimeError):  # when the program ends, Qt may have destroyed the store first
        store.sync()
    folder.cleanup()


def _folder_of(video: Path) -> str:
    return str(written_out(video).parent)


def _paths_in(setting: str) -> dict[str, str]:
    """Paths of detectors by folder; none where the setting was edited by hand: people are asked again."""
    try:
        return decode(setting, dict[str, str])
    except ValueError:
        return {}


def _as_json(paths: dict[str, str]) -> str:
    return json.dumps(paths, ensure_ascii=False)


def _without(setting: str, detector: Path) -> str:
    return _as_json({folder: path for folder, path in _paths_in(setting).items() if path != str(detector)})
