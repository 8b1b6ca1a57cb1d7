"""All actions of the window, declared once for menus, keys, tool tips, help and command palette."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ActionSpec:
    """Declares one action of the main window."""

    name: str
    """By which the program and the settings file know it: it never changes."""
    menu: str
    text: str
    """Text in the menu, with its mnemonic."""
    keys: tuple[str, ...] = ()
    """Usual shortcuts in Qt's portable text format; tool tips show the first."""
    icon: str = ""
    hint: str = ""
    """Explanation for the tool tip."""
    checkable: bool = False
    """Whether it is on or off; it begins off."""
    submenu: str = ""
    needs: str = ""
    """What has to be there for it to be possible, in words: "Needs ..."; empty where it always is."""

    @property
    def label(self) -> str:
        """The text for people, outside of menus."""
        return without_mnemonic(self.text)

    @property
    def path(self) -> str:
        """The menus that it is in, for people."""
        return " › ".join(without_mnemonic(menu) for menu in (self.menu, self.submenu) if menu)


def without_mnemonic(text: str) -> str:
    """A menu text without its mnemonic and without dots at its end."""
    return text.replace("&", "").removesuffix(" …")


FILE, PLAYBACK, REVIEW, ANALYSIS, TRAINING = "&File", "&Playback", "&Review", "&Analysis", "&Detectors"
VIEW, HELP = "&View", "&Help"
MENUS = (FILE, PLAYBACK, REVIEW, ANALYSIS, TRAINING, VIEW, HELP)
STEPS, SPEED, LIST, TIMELINE = "&Steps", "Sp&eed", "Recordin&gs", "T&imeline"
PANELS, ALONE, PICTURE, AREAS, THEME = "&Panels", "One panel &alone", "Pict&ure", "Area&s", "&Theme"

_RECORDING = "an open recording"
_SEGMENT = "a segment that is selected or under the playhead"
_SELECTED = "a selected segment"
_FLAGGED = "flagged segments"
_LIST = "recordings in the list"
_WRITABLE = "an open recording whose review can be changed"


def _playback(name: str, text: str, *keys: str, submenu: str = "", hint: str = "") -> ActionSpec:
    return ActionSpec(name, PLAYBACK, text, keys, submenu=submenu, hint=hint, needs=_RECORDING)


def _on_segment(name: str, text: str, key: str, icon: str = "", hint: str = "") -> ActionSpec:
    return ActionSpec(name, REVIEW, text, (key,), icon, hint, needs=_SEGMENT)


def _panel(name: str, text: str, number: int) -> tuple[ActionSpec, ActionSpec]:
    """The actions that show a panel alone, and that show or hide it beside the others."""
    alone_hint = "Once more: all that were shown"
    return (
        ActionSpec(f"only_{name}", VIEW, text, (f"{number}",), hint=alone_hint, submenu=ALONE),
        ActionSpec(f"show_{name}", VIEW, text, (f"Ctrl+{number}",), checkable=True, submenu=PANELS),
    )


_PANELS = (
    _panel("frame", "&Frame", 1),
    _panel("predicted_flow", "&Predicted flow", 2),
    _panel("teacher_flow", "&Measured flow", 3),
    _panel("predicted_frame", "P&redicted frame", 4),
    _panel("psnr_mask", "PSNR mas&k", 5),
    _panel("evidence", "&Evidence", 6),
    _panel("flow_difference", "F&low difference", 7),
    _panel("heat_map", "&Heat map", 8),
)

SPECS: tuple[ActionSpec, ...] = (
    ActionSpec("open", FILE, "&Open videos …", ("Ctrl+O",), "open", "Any files that FFmpeg reads, one or many"),
    ActionSpec(
        "open_folder", FILE, "Open &folder …", ("Ctrl+Shift+O",), hint="All videos in it and below, or its pictures"
    ),
    ActionSpec("watch_folder", FILE, "&Watch folder …", hint="Recordings that come into it come onto the list"),
    ActionSpec(
        "find_moved",
        FILE,
        "Find &moved recordings …",
        hint="Of the list, by their content, in a folder",
        needs=_LIST,
    ),
    ActionSpec(
        "open_archive",
        FILE,
        "Open &archive …",
        ("Ctrl+Shift+A",),
        hint="Recordings of many cameras, by day and by score",
    ),
    ActionSpec("open_demo", FILE, "Open the &demo", (), hint="A rendered plaza with a detector that knows it"),
    ActionSpec(
        "set_rate",
        FILE,
        "Set frame &rate …",
        (),
        hint="Of pictures and raw streams, which do not store it",
        needs="a recording that does not store its frame rate",
    ),
    ActionSpec(
        "set_clock",
        FILE,
        "Set cloc&k …",
        (),
        hint="When the recording began, and in which time zone",
        needs=_RECORDING,
    ),
    ActionSpec("close_video", FILE, "&Close video", ("Ctrl+W",), needs=_RECORDING),
    ActionSpec("settings", FILE, "Se&ttings …", ("Ctrl+,",), hint="Appearance, folders, keys and more"),
    ActionSpec("quit", FILE, "&Quit", ("Ctrl+Q",)),
    # Playback: keys are those of video editors.
    _playback("play", "&Play or pause", "Space"),
    _playback("shuttle_back", "Play &backwards", "J", hint="Once more: twice as fast"),
    _playback("stop", "S&top", "K", hint="And back to the usual speed"),
    _playback("shuttle_forward", "Play f&orward", "L", hint="Once more: twice as fast"),
    ActionSpec(
        "loop",
        PLAYBACK,
        "&Loop the segment",
        ("Shift+R",),
        hint="Again and again, with a little of what is before and after",
        checkable=True,
        needs=_SEGMENT,
    ),
    _playback("go_to", "&Go to …", "G", hint="A frame number, a running time or a time of day"),
    _playback("first", "F&irst frame", "Home"),
    _playback("last", "L&ast frame", "End"),
    _playback("step_back", "Previous &frame", "Left", ",", submenu=STEPS),
    _playback("step_forward", "Next f&rame", "Right", ".", submenu=STEPS),
    _playback("back_10", "Back 10 frames", "Shift+Left", submenu=STEPS),
    _playback("forward_10", "Forward 10 frames", "Shift+Right", submenu=STEPS),
    _playback("back_second", "Back 1 second", "Ctrl+Left", submenu=STEPS),
    _playback("forward_second", "Forward 1 second", "Ctrl+Right", submenu=STEPS),
    _playback("back_10_seconds", "Back 10 seconds", "PgUp", submenu=STEPS),
    _playback("forward_10_seconds", "Forward 10 seconds", "PgDown", submenu=STEPS),
    _playback("back_minute", "Back 1 minute", "Shift+PgUp", submenu=STEPS),
    _playback("forward_minute", "Forward 1 minute", "Shift+PgDown", submenu=STEPS),
    _playback("slower", "&Slower", "Shift+J", submenu=SPEED),
    _playback("faster", "&Faster", "Shift+L", submenu=SPEED),
    ActionSpec(
        "every_frame",
        PLAYBACK,
        "Show &every frame",
        ("F",),
        hint="With all its pictures, however long that takes; else frames keep to the clock",
        checkable=True,
        submenu=SPEED,
        needs=_RECORDING,
    ),
    # Review
    ActionSpec("next_segment", REVIEW, "&Next segment", ("Down", "]"), "next-segment", needs=_FLAGGED),
    ActionSpec("previous_segment", REVIEW, "&Previous segment", ("Up", "["), "previous-segment", needs=_FLAGGED),
    ActionSpec("next_unreviewed", REVIEW, "Next un&reviewed", ("Shift+Down",), hint="Also in the next recordings"),
    ActionSpec("previous_unreviewed", REVIEW, "Pre&vious unreviewed", ("Shift+Up",)),
    ActionSpec(
        "moments",
        REVIEW,
        "Ne&xt most suspicious",
        ("Shift+M",),
        hint="The highest scores beside what is flagged; arrows go from one to the next",
        needs=_RECORDING,
    ),
    ActionSpec(
        "next_recording", REVIEW, "&Next recording", ("Ctrl+Down",), hint="Of the list", needs=_LIST, submenu=LIST
    ),
    ActionSpec("previous_recording", REVIEW, "&Previous recording", ("Ctrl+Up",), needs=_LIST, submenu=LIST),
    ActionSpec(
        "recordings",
        REVIEW,
        "&List of recordings",
        ("Ctrl+J",),
        hint="Puts the cursor into it",
        needs=_LIST,
        submenu=LIST,
    ),
    _on_segment("play_segment", "Pla&y segment", "Return", hint="From its first frame to its last"),
    _on_segment("segment_begin", "&First frame of the segment", "Shift+I"),
    _on_segment("segment_end", "&Last frame of the segment", "Shift+O"),
    _on_segment("confirm", "&Confirm", "Y", "check", "It is what it looks like; on to the next unreviewed"),
    _on_segment("dismiss", "&Dismiss …", "X", "dismiss", "Nothing of interest; choose a reason"),
    _on_segment("unsure", "&Unsure", "U", "unsure", "To be looked at again"),
    _on_segment("bookmark", "&Bookmark", "B", "bookmark", "Set or remove the bookmark"),
    _on_segment("note", "N&ote", "N", "pencil", "Write a note; Enter keeps it"),
    ActionSpec(
        "begin_here",
        REVIEW,
        "Beg&in segment here",
        ("I",),
        hint="The selected one, or a new one where none is",
        needs=_WRITABLE,
    ),
    ActionSpec("end_here", REVIEW, "End segment &here", ("O",), hint="With the frame on screen", needs=_WRITABLE),
    _on_segment("split", "&Split here", "S", hint="Before the frame on screen"),
    _on_segment("merge", "&Merge with the next", "M"),
    _on_segment("forget", "&Take everything back", "Del", hint="Verdict, note and trimming of the segment"),
    ActionSpec("deselect", REVIEW, "Select no segment", ("Esc",), hint="So that a new one can begin", needs=_WRITABLE),
    ActionSpec("undo", REVIEW, "Undo", ("Ctrl+Z",), needs="a change to take back"),
    ActionSpec("redo", REVIEW, "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), needs="a change that was taken back"),
    ActionSpec(
        "export",
        REVIEW,
        "&Export segment …",
        ("E",),
        "export",
        "The selected segment as a clip",
        needs=_SELECTED,
    ),
    ActionSpec(
        "hand_over",
        REVIEW,
        "H&and over …",
        ("Ctrl+E",),
        hint="Clips of many segments, tables, a report, an evidence package",
        needs=_RECORDING,
    ),
    ActionSpec("copy_segment", REVIEW, "Copy times and score", ("Ctrl+Shift+C",), needs=_SEGMENT),
    # Analysis
    ActionSpec("detector", ANALYSIS, "Choose &detector …", ("Ctrl+D",), "settings", "What normal looks like here"),
    ActionSpec(
        "run",
        ANALYSIS,
        "&Analyse",
        ("Ctrl+R",),
        "analyse",
        "From where the analysis stopped",
        needs="a recording and a detector, and frames that are not analysed yet",
    ),
    ActionSpec("pause", ANALYSIS, "&Pause analysis", ("Ctrl+P",), "pause", needs="an analysis that runs"),
    ActionSpec(
        "cancel",
        ANALYSIS,
        "&Cancel analysis",
        (),
        "stop",
        hint="What was analysed stays",
        needs="an analysis that runs or is paused",
    ),
    ActionSpec(
        "threshold",
        ANALYSIS,
        "Enter the &threshold",
        ("Shift+T",),
        hint="In the field above the timeline",
        needs=_RECORDING,
    ),
    ActionSpec("raise_threshold", ANALYSIS, "Flag &less", ("Alt+PgUp",), hint="A higher threshold", needs=_WRITABLE),
    ActionSpec("lower_threshold", ANALYSIS, "Flag &more", ("Alt+PgDown",), hint="A lower threshold", needs=_WRITABLE),
    ActionSpec("train", TRAINING, "&Train a detector …", ("Ctrl+T",), "teach", "From recordings of normal life"),
    ActionSpec("library", TRAINING, "Detector &library …", ("Ctrl+L",), hint="Rename, pass on, take in, delete"),
    ActionSpec(
        "learn_verdicts",
        TRAINING,
        "Learn from &verdicts …",
        hint="What was dismissed as normal raises fewer alarms from then on",
        needs="an open recording, and a calibrated detector",
    ),
    # View
    ActionSpec(
        "zones",
        VIEW,
        "&Zones",
        ("Z",),
        hint="Draw parts of the picture that don't count, or that alone do",
        checkable=True,
        needs=_WRITABLE,
    ),
    ActionSpec(
        "search_place",
        VIEW,
        "S&earch a place",
        ("Ctrl+F",),
        hint="Drag a rectangle: segments in which something stood out there",
        checkable=True,
        needs="a recording and a calibrated detector",
    ),
    ActionSpec(
        "redaction",
        VIEW,
        "&Redaction",
        ("R",),
        hint="Draw what is not to be seen in clips, reports and packages",
        checkable=True,
        needs=_WRITABLE,
    ),
    ActionSpec("outlines", VIEW, "&Outlines", ("W",), hint="Lines round what stands out, with reasons", checkable=True),
    ActionSpec("mask", VIEW, "&Mask on frame", ("Shift+W",), checkable=True),
    ActionSpec(
        "all_panels", VIEW, "&All", ("0",), hint="All that were shown; then the hidden ones too", submenu=PANELS
    ),
    *(show for _, show in _PANELS),
    *(alone for alone, _ in _PANELS),
    ActionSpec("zoom_in", VIEW, "Zoom &in", ("Ctrl++", "Ctrl+="), hint="All panels together", submenu=PICTURE),
    ActionSpec("zoom_out", VIEW, "Zoom &out", ("Ctrl+-",), submenu=PICTURE),
    ActionSpec("zoom_reset", VIEW, "&Whole picture", ("Ctrl+0",), submenu=PICTURE),
    ActionSpec("move_left", VIEW, "Move &left", ("Alt+Left",), hint="Of a zoomed picture", submenu=PICTURE),
    ActionSpec("move_right", VIEW, "Move &right", ("Alt+Right",), submenu=PICTURE),
    ActionSpec("move_up", VIEW, "Move &up", ("Alt+Up",), submenu=PICTURE),
    ActionSpec("move_down", VIEW, "Move &down", ("Alt+Down",), submenu=PICTURE),
    ActionSpec(
        "loupe", VIEW, "Lou&pe", ("C",), hint="Hold the key: pixels under the mouse", checkable=True, submenu=PICTURE
    ),
    ActionSpec("timeline_zoom_in", VIEW, "Zoom &in", ("+", "="), submenu=TIMELINE, needs=_RECORDING),
    ActionSpec("timeline_zoom_out", VIEW, "Zoom &out", ("-",), submenu=TIMELINE, needs=_RECORDING),
    ActionSpec("timeline_all", VIEW, "&Whole recording", ("Shift+Z",), submenu=TIMELINE, needs=_RECORDING),
    ActionSpec("zoom_segment", VIEW, "Zoom to the &segment", ("A",), submenu=TIMELINE, needs=_SEGMENT),
    ActionSpec(
        "window",
        VIEW,
        "&Place that stands out",
        ("P",),
        hint="Its score over time; or click one in a picture",
        submenu=TIMELINE,
    ),
    ActionSpec(
        "time_of_day",
        VIEW,
        "Time of &day",
        ("Shift+D",),
        hint="In timeline and list, where it is known",
        checkable=True,
        submenu=TIMELINE,
    ),
    ActionSpec("lanes", VIEW, "L&anes …", ("T",), hint="Single signals under the score", submenu=TIMELINE),
    ActionSpec("pan_left", VIEW, "Move to &earlier times", ("Ctrl+Shift+Left",), submenu=TIMELINE, needs=_RECORDING),
    ActionSpec("pan_right", VIEW, "Move to &later times", ("Ctrl+Shift+Right",), submenu=TIMELINE, needs=_RECORDING),
    ActionSpec("larger_timeline", VIEW, "&Taller", ("Ctrl+Shift+Up",), submenu=TIMELINE, needs=_RECORDING),
    ActionSpec("smaller_timeline", VIEW, "S&maller", ("Ctrl+Shift+Down",), submenu=TIMELINE, needs=_RECORDING),
    ActionSpec("show_segments", VIEW, "Se&gments", ("F2",), checkable=True),
    ActionSpec("show_history", VIEW, "&History", ("F3",), checkable=True),
    ActionSpec("show_exports", VIEW, "E&xports", ("F4",), checkable=True),
    ActionSpec("show_recordings", VIEW, "Recor&dings", ("F5",), checkable=True),
    ActionSpec(
        "next_area",
        VIEW,
        "&Next area",
        ("F6",),
        hint="The keyboard goes on to the next part of the window",
        submenu=AREAS,
    ),
    ActionSpec("previous_area", VIEW, "&Previous area", ("Shift+F6",), submenu=AREAS),
    ActionSpec("copy_frame", VIEW, "&Copy what is known of this frame", ("Ctrl+C",), needs=_RECORDING),
    ActionSpec("full_screen", VIEW, "&Full screen", ("F11",)),
    ActionSpec("theme_system", VIEW, "As the &system", checkable=True, submenu=THEME),
    ActionSpec("theme_light", VIEW, "&Light", checkable=True, submenu=THEME),
    ActionSpec("theme_dark", VIEW, "&Dark", checkable=True, submenu=THEME),
    ActionSpec(
        "commands", HELP, "&Command palette", ("Ctrl+K",), hint="Any action by a part of its name; a frame or a time"
    ),
    ActionSpec("shortcuts", HELP, "&Keyboard shortcuts", ("F1", "?")),
    ActionSpec("about", HELP, "&About vadgui"),
)

SPECS_BY_NAME = {spec.name: spec for spec in SPECS}
