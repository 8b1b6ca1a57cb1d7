"""All actions, declared once for menus, keys, tool tips, help and command palette."""

from __future__ import annotations

from engine.common.language import tr_noop
from vadgui.ui.action_spec import (
    ANALYSIS,
    FILE,
    FLAGGED,
    HELP,
    LIST,
    LISTED,
    PLAYBACK,
    RECORDING,
    REVIEW,
    SEGMENT,
    SELECTED,
    SPEED,
    STEPS,
    TRAINING,
    WRITABLE,
    ActionSpec,
)
from vadgui.ui.archive_specs import ARCHIVE_SPECS
from vadgui.ui.view_specs import VIEW_SPECS


def _playback(name: str, text: str, *keys: str, submenu: str = "", hint: str = "") -> ActionSpec:
    return ActionSpec(name, PLAYBACK, text, keys, submenu=submenu, hint=hint, needs=RECORDING)


def _on_segment(name: str, text: str, key: str, icon: str = "", hint: str = "") -> ActionSpec:
    return ActionSpec(name, REVIEW, text, (key,), icon, hint, needs=SEGMENT)


SPECS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "open",
        FILE,
        tr_noop("&Open videos …"),
        ("Ctrl+O",),
        "open",
        tr_noop("Any files that FFmpeg reads, one or many"),
    ),
    ActionSpec(
        "open_folder",
        FILE,
        tr_noop("Open &folder …"),
        ("Ctrl+Shift+O",),
        hint=tr_noop("All videos in it and below, or its pictures"),
    ),
    ActionSpec(
        "watch_folder",
        FILE,
        tr_noop("&Watch folder …"),
        hint=tr_noop("Recordings that come into it come onto the list"),
    ),
    ActionSpec(
        "find_moved",
        FILE,
        tr_noop("Find &moved recordings …"),
        hint=tr_noop("Of the list, by their content, in a folder"),
        needs=LISTED,
    ),
    ActionSpec(
        "open_archive",
        FILE,
        tr_noop("Open &archive …"),
        ("Ctrl+Shift+A",),
        hint=tr_noop("Recordings of many cameras, by day and by score"),
    ),
    ActionSpec(
        "open_demo", FILE, tr_noop("Open the &demo"), (), hint=tr_noop("A rendered plaza with a detector that knows it")
    ),
    ActionSpec(
        "set_rate",
        FILE,
        tr_noop("Set frame &rate …"),
        (),
        hint=tr_noop("Of pictures and raw streams, which do not store it"),
        needs=tr_noop("a recording that does not store its frame rate"),
    ),
    ActionSpec(
        "set_clock",
        FILE,
        tr_noop("Set cloc&k …"),
        (),
        hint=tr_noop("When the recording began, and in which time zone"),
        needs=RECORDING,
    ),
    ActionSpec(
        "save_as",
        FILE,
        tr_noop("Sa&ve review as …"),
        ("Ctrl+Shift+S",),
        hint=tr_noop("Under another name or in another folder; it goes on there"),
        needs=WRITABLE,
    ),
    ActionSpec("close_video", FILE, tr_noop("&Close video"), ("Ctrl+W",), needs=RECORDING),
    ActionSpec(
        "settings", FILE, tr_noop("Se&ttings …"), ("Ctrl+,",), hint=tr_noop("Appearance, folders, keys and more")
    ),
    ActionSpec("quit", FILE, tr_noop("&Quit"), ("Ctrl+Q",)),
    # Playback: keys are those of video editors.
    _playback("play", tr_noop("&Play or pause"), "Space"),
    _playback("shuttle_back", tr_noop("Play &backwards"), "J", hint=tr_noop("Once more: twice as fast")),
    _playback("stop", tr_noop("S&top"), "K", hint=tr_noop("And back to the usual speed")),
    _playback("shuttle_forward", tr_noop("Play f&orward"), "L", hint=tr_noop("Once more: twice as fast")),
    ActionSpec(
        "loop",
        PLAYBACK,
        tr_noop("&Loop the segment"),
        ("Shift+R",),
        hint=tr_noop("Again and again, with a little of what is before and after"),
        checkable=True,
        needs=SEGMENT,
    ),
    _playback("go_to", tr_noop("&Go to …"), "G", hint=tr_noop("A frame number, a running time or a time of day")),
    _playback("first", tr_noop("F&irst frame"), "Home"),
    _playback("last", tr_noop("L&ast frame"), "End"),
    _playback("step_back", tr_noop("Previous &frame"), "Left", ",", submenu=STEPS),
    _playback("step_forward", tr_noop("Next f&rame"), "Right", ".", submenu=STEPS),
    _playback("back_10", tr_noop("Back 10 frames"), "Shift+Left", submenu=STEPS),
    _playback("forward_10", tr_noop("Forward 10 frames"), "Shift+Right", submenu=STEPS),
    _playback("back_second", tr_noop("Back 1 second"), "Ctrl+Left", submenu=STEPS),
    _playback("forward_second", tr_noop("Forward 1 second"), "Ctrl+Right", submenu=STEPS),
    _playback("back_10_seconds", tr_noop("Back 10 seconds"), "PgUp", submenu=STEPS),
    _playback("forward_10_seconds", tr_noop("Forward 10 seconds"), "PgDown", submenu=STEPS),
    _playback("back_minute", tr_noop("Back 1 minute"), "Shift+PgUp", submenu=STEPS),
    _playback("forward_minute", tr_noop("Forward 1 minute"), "Shift+PgDown", submenu=STEPS),
    _playback("slower", tr_noop("&Slower"), "Shift+J", submenu=SPEED),
    _playback("faster", tr_noop("&Faster"), "Shift+L", submenu=SPEED),
    ActionSpec(
        "every_frame",
        PLAYBACK,
        tr_noop("Show &every frame"),
        ("F",),
        hint=tr_noop("With all its pictures, however long that takes; else frames keep to the clock"),
        checkable=True,
        submenu=SPEED,
        needs=RECORDING,
    ),
    # Review
    ActionSpec("next_segment", REVIEW, tr_noop("&Next segment"), ("Down", "]"), "next-segment", needs=FLAGGED),
    ActionSpec(
        "previous_segment", REVIEW, tr_noop("&Previous segment"), ("Up", "["), "previous-segment", needs=FLAGGED
    ),
    ActionSpec(
        "next_unreviewed",
        REVIEW,
        tr_noop("Next un&reviewed"),
        ("Shift+Down",),
        hint=tr_noop("Also in the next recordings"),
    ),
    ActionSpec("previous_unreviewed", REVIEW, tr_noop("Pre&vious unreviewed"), ("Shift+Up",)),
    ActionSpec(
        "moments",
        REVIEW,
        tr_noop("Ne&xt most suspicious"),
        ("Shift+M",),
        hint=tr_noop("The highest scores beside what is flagged; arrows go from one to the next"),
        needs=RECORDING,
    ),
    ActionSpec(
        "next_recording",
        REVIEW,
        tr_noop("&Next recording"),
        ("Ctrl+Down",),
        hint=tr_noop("Of the list"),
        needs=LISTED,
        submenu=LIST,
    ),
    ActionSpec("previous_recording", REVIEW, tr_noop("&Previous recording"), ("Ctrl+Up",), needs=LISTED, submenu=LIST),
    ActionSpec(
        "recordings",
        REVIEW,
        tr_noop("&List of recordings"),
        ("Ctrl+J",),
        hint=tr_noop("Puts the cursor into it"),
        needs=LISTED,
        submenu=LIST,
    ),
    _on_segment("play_segment", tr_noop("Pla&y segment"), "Return", hint=tr_noop("From its first frame to its last")),
    _on_segment("segment_begin", tr_noop("&First frame of the segment"), "Shift+I"),
    _on_segment("segment_end", tr_noop("&Last frame of the segment"), "Shift+O"),
    _on_segment(
        "confirm", tr_noop("&Confirm"), "Y", "check", tr_noop("It is what it looks like; on to the next unreviewed")
    ),
    _on_segment("dismiss", tr_noop("&Dismiss …"), "X", "dismiss", tr_noop("Nothing of interest; choose a reason")),
    _on_segment("unsure", tr_noop("&Unsure"), "U", "unsure", tr_noop("To be looked at again")),
    _on_segment("bookmark", tr_noop("&Bookmark"), "B", "bookmark", tr_noop("Set or remove the bookmark")),
    _on_segment("note", tr_noop("N&ote"), "N", "pencil", tr_noop("Write a note; Enter keeps it")),
    ActionSpec(
        "begin_here",
        REVIEW,
        tr_noop("Beg&in segment here"),
        ("I",),
        hint=tr_noop("The selected one, or a new one where none is"),
        needs=WRITABLE,
    ),
    ActionSpec(
        "end_here",
        REVIEW,
        tr_noop("End segment &here"),
        ("O",),
        hint=tr_noop("With the frame on screen"),
        needs=WRITABLE,
    ),
    _on_segment("split", tr_noop("&Split here"), "S", hint=tr_noop("Before the frame on screen")),
    _on_segment("merge", tr_noop("&Merge with the next"), "M"),
    _on_segment(
        "forget", tr_noop("&Take everything back"), "Del", hint=tr_noop("Verdict, note and trimming of the segment")
    ),
    ActionSpec(
        "deselect",
        REVIEW,
        tr_noop("Select no segment"),
        ("Esc",),
        hint=tr_noop("So that a new one can begin"),
        needs=WRITABLE,
    ),
    ActionSpec("undo", REVIEW, tr_noop("Undo"), ("Ctrl+Z",), needs=tr_noop("a change to take back")),
    ActionSpec(
        "redo", REVIEW, tr_noop("Redo"), ("Ctrl+Shift+Z", "Ctrl+Y"), needs=tr_noop("a change that was taken back")
    ),
    ActionSpec(
        "export",
        REVIEW,
        tr_noop("&Export segment …"),
        ("E",),
        "export",
        tr_noop("The selected segment as a clip"),
        needs=SELECTED,
    ),
    ActionSpec(
        "hand_over",
        REVIEW,
        tr_noop("H&and over …"),
        ("Ctrl+E",),
        hint=tr_noop("Clips of many segments, tables, a report, an evidence package"),
        needs=RECORDING,
    ),
    ActionSpec("copy_segment", REVIEW, tr_noop("Copy times and score"), ("Ctrl+Shift+C",), needs=SEGMENT),
    # Analysis
    ActionSpec(
        "detector",
        ANALYSIS,
        tr_noop("Choose &detector …"),
        ("Ctrl+D",),
        "settings",
        tr_noop("What normal looks like here"),
    ),
    ActionSpec(
        "run",
        ANALYSIS,
        tr_noop("&Analyse"),
        ("Ctrl+R",),
        "analyse",
        tr_noop("From where the analysis stopped"),
        needs=tr_noop("a recording and a detector, and frames that are not analysed yet"),
    ),
    ActionSpec(
        "pause", ANALYSIS, tr_noop("&Pause analysis"), ("Ctrl+P",), "pause", needs=tr_noop("an analysis that runs")
    ),
    ActionSpec(
        "cancel",
        ANALYSIS,
        tr_noop("&Cancel analysis"),
        (),
        "stop",
        hint=tr_noop("What was analysed stays"),
        needs=tr_noop("an analysis that runs or is paused"),
    ),
    ActionSpec(
        "threshold",
        ANALYSIS,
        tr_noop("Enter the &threshold"),
        ("Shift+T",),
        hint=tr_noop("In the field above the timeline"),
        needs=RECORDING,
    ),
    ActionSpec(
        "raise_threshold",
        ANALYSIS,
        tr_noop("Flag &less"),
        ("Alt+PgUp",),
        hint=tr_noop("A higher threshold"),
        needs=WRITABLE,
    ),
    ActionSpec(
        "lower_threshold",
        ANALYSIS,
        tr_noop("Flag &more"),
        ("Alt+PgDown",),
        hint=tr_noop("A lower threshold"),
        needs=WRITABLE,
    ),
    ActionSpec(
        "train",
        TRAINING,
        tr_noop("&Train a detector …"),
        ("Ctrl+T",),
        "teach",
        tr_noop("From recordings of normal life"),
    ),
    ActionSpec(
        "library",
        TRAINING,
        tr_noop("Detector &library …"),
        ("Ctrl+L",),
        hint=tr_noop("Rename, pass on, take in, delete"),
    ),
    ActionSpec(
        "learn_verdicts",
        TRAINING,
        tr_noop("Learn from &verdicts …"),
        hint=tr_noop("What was dismissed as normal raises fewer alarms from then on"),
        needs=tr_noop("an open recording, and a calibrated detector"),
    ),
    *VIEW_SPECS,
    ActionSpec(
        "commands",
        HELP,
        tr_noop("&Command palette"),
        ("Ctrl+K",),
        hint=tr_noop("Any action by a part of its name; a frame or a time"),
    ),
    ActionSpec("shortcuts", HELP, tr_noop("&Keyboard shortcuts"), ("F1", "?")),
    ActionSpec("about", HELP, tr_noop("&About vadgui")),
)

WINDOWS = (SPECS, ARCHIVE_SPECS)
"""The actions of the main window and of an archive's: a key may mean one thing in each."""
ALL_SPECS = tuple(spec for window in WINDOWS for spec in window)
SPECS_BY_NAME = {spec.name: spec for spec in ALL_SPECS}
_WINDOWS_BY_NAME = {spec.name: window for window in WINDOWS for spec in window}


def specs_beside(name: str) -> tuple[ActionSpec, ...]:
    """The actions of the window that has the action of this name."""
    return _WINDOWS_BY_NAME[name]
