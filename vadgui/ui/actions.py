"""All actions of menus and keyboard, declared once for the menus, the tool tips and the help."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from vadgui.ui.icons import set_icon


@dataclass(frozen=True)
class ActionSpec:
    """Declares one action of the main window."""

    name: str
    """Key of the action in `make_actions`."""
    menu: str
    text: str
    """Text in the menu, with its mnemonic."""
    keys: tuple[str, ...] = ()
    """Shortcuts in Qt's portable text format; tool tips show the first."""
    icon: str = ""
    hint: str = ""
    """Explanation for the tool tip."""
    checkable: bool = False
    """Whether it is on or off; it begins off."""


FILE, PLAYBACK, REVIEW, ANALYSIS, TRAINING = "&File", "&Playback", "&Review", "&Analysis", "&Detectors"
VIEW, HELP = "&View", "&Help"
MENUS = (FILE, PLAYBACK, REVIEW, ANALYSIS, TRAINING, VIEW, HELP)

SPECS = (
    ActionSpec("open", FILE, "&Open videos …", ("Ctrl+O",), "open", "Any files that FFmpeg reads, one or many"),
    ActionSpec(
        "open_folder", FILE, "Open &folder …", ("Ctrl+Shift+O",), hint="All videos in it and below, or its pictures"
    ),
    ActionSpec("open_demo", FILE, "Open the &demo", (), hint="A rendered plaza with a detector that knows it"),
    ActionSpec("set_rate", FILE, "Set frame &rate …", (), hint="Of pictures and raw streams, which do not store it"),
    ActionSpec("close_video", FILE, "&Close video", ("Ctrl+W",)),
    ActionSpec("quit", FILE, "&Quit", ("Ctrl+Q",)),
    ActionSpec("play", PLAYBACK, "&Play or pause", ("Space",)),
    ActionSpec("step_back", PLAYBACK, "Previous &frame", ("Left",)),
    ActionSpec("step_forward", PLAYBACK, "Next f&rame", ("Right",)),
    ActionSpec("back_10", PLAYBACK, "Back 10 frames", ("Shift+Left",)),
    ActionSpec("forward_10", PLAYBACK, "Forward 10 frames", ("Shift+Right",)),
    ActionSpec("back_second", PLAYBACK, "Back 1 second", ("Ctrl+Left",)),
    ActionSpec("forward_second", PLAYBACK, "Forward 1 second", ("Ctrl+Right",)),
    ActionSpec("first", PLAYBACK, "F&irst frame", ("Home",)),
    ActionSpec("last", PLAYBACK, "&Last frame", ("End",)),
    ActionSpec("next_segment", REVIEW, "&Next segment", ("Down", "]"), "next-segment"),
    ActionSpec("previous_segment", REVIEW, "&Previous segment", ("Up", "["), "previous-segment"),
    ActionSpec("next_unreviewed", REVIEW, "Next un&reviewed", ("Shift+Down",), hint="The next without a verdict"),
    ActionSpec("previous_unreviewed", REVIEW, "Pre&vious unreviewed", ("Shift+Up",)),
    ActionSpec("next_recording", REVIEW, "Next recor&ding", ("Ctrl+Down",), hint="Of the list"),
    ActionSpec("previous_recording", REVIEW, "Previous recordin&g", ("Ctrl+Up",)),
    ActionSpec("recordings", REVIEW, "&List of recordings", ("Ctrl+J",), hint="Puts the cursor into it"),
    ActionSpec("confirm", REVIEW, "&Confirm", ("Y",), "check", "It is what it looks like; on to the next unreviewed"),
    ActionSpec("dismiss", REVIEW, "&Dismiss …", ("X",), "dismiss", "Nothing of interest; choose a reason"),
    ActionSpec("unsure", REVIEW, "&Unsure", ("U",), "unsure", "To be looked at again"),
    ActionSpec("bookmark", REVIEW, "&Bookmark", ("B",), "bookmark", "Set or remove the bookmark"),
    ActionSpec("note", REVIEW, "N&ote", ("N",), "pencil", "Write a note; Enter keeps it"),
    ActionSpec(
        "begin_here", REVIEW, "Beg&in segment here", ("I",), hint="The selected one, or a new one where none is"
    ),
    ActionSpec("end_here", REVIEW, "End segment &here", ("O",), hint="With the frame on screen"),
    ActionSpec("split", REVIEW, "&Split here", ("S",), hint="Before the frame on screen"),
    ActionSpec("merge", REVIEW, "&Merge with the next", ("M",)),
    ActionSpec(
        "forget", REVIEW, "&Take everything back", ("Delete",), hint="Verdict, note and trimming of the segment"
    ),
    ActionSpec("deselect", REVIEW, "Select no se&gment", ("Esc",), hint="So that a new one can begin"),
    ActionSpec("undo", REVIEW, "Undo", ("Ctrl+Z",)),
    ActionSpec("redo", REVIEW, "Redo", ("Ctrl+Shift+Z", "Ctrl+Y")),
    ActionSpec("export", REVIEW, "&Export segment …", ("E",), "export", "The selected segment as a clip"),
    ActionSpec(
        "hand_over",
        REVIEW,
        "H&and over …",
        ("Ctrl+E",),
        hint="Clips of many segments, tables, a report, an evidence package",
    ),
    ActionSpec("detector", ANALYSIS, "Choose &detector …", ("Ctrl+D",), "settings", "What normal looks like here"),
    ActionSpec("run", ANALYSIS, "&Analyse", ("Ctrl+R",), "analyse", hint="From where the analysis stopped"),
    ActionSpec("pause", ANALYSIS, "&Pause analysis", ("Ctrl+P",), "pause"),
    ActionSpec("cancel", ANALYSIS, "&Cancel analysis", (), "stop", hint="What was analysed stays"),
    ActionSpec("train", TRAINING, "&Train a detector …", ("Ctrl+T",), "teach", "From recordings of normal life"),
    ActionSpec("library", TRAINING, "Detector &library …", ("Ctrl+L",), hint="Rename, pass on, take in, delete"),
    ActionSpec(
        "zones",
        VIEW,
        "&Zones",
        ("Z",),
        hint="Draw parts of the picture that don't count, or that alone do",
        checkable=True,
    ),
    ActionSpec(
        "search_place",
        VIEW,
        "&Search a place",
        ("Ctrl+F",),
        hint="Drag a rectangle: segments in which something stood out there",
        checkable=True,
    ),
    ActionSpec(
        "redaction",
        VIEW,
        "&Redaction",
        ("R",),
        hint="Draw what is not to be seen in clips, reports and packages",
        checkable=True,
    ),
    ActionSpec("outlines", VIEW, "&Outlines", ("W",), hint="Lines round what stands out, with reasons", checkable=True),
    ActionSpec("zoom_in", VIEW, "Zoom &in", ("Ctrl++", "Ctrl+="), hint="All panels together"),
    ActionSpec("zoom_out", VIEW, "Zoom o&ut", ("Ctrl+-",)),
    ActionSpec("zoom_reset", VIEW, "&Whole picture", ("Ctrl+0",)),
    ActionSpec("move_left", VIEW, "Picture: move left", ("Alt+Left",), hint="Of a zoomed picture"),
    ActionSpec("move_right", VIEW, "Picture: move right", ("Alt+Right",)),
    ActionSpec("move_up", VIEW, "Picture: move up", ("Alt+Up",)),
    ActionSpec("move_down", VIEW, "Picture: move down", ("Alt+Down",)),
    ActionSpec("loupe", VIEW, "Lou&pe", ("C",), hint="Hold the key: pixels under the mouse", checkable=True),
    ActionSpec("timeline_zoom_in", VIEW, "Timeline: zoom in", ("+", "=")),
    ActionSpec("timeline_zoom_out", VIEW, "Timeline: zoom out", ("-",)),
    ActionSpec("timeline_all", VIEW, "Timeline: whole recording", ("Shift+Z",)),
    ActionSpec("lanes", VIEW, "&Lanes of the timeline …", ("T",), hint="Single signals under the score"),
    ActionSpec("full_screen", VIEW, "&Full screen", ("F11",)),
    ActionSpec("shortcuts", HELP, "&Keyboard shortcuts", ("F1", "?")),
    ActionSpec("about", HELP, "&About vadgui"),
)


def without_mnemonic(text: str) -> str:
    """A menu text without its mnemonic and without dots at its end."""
    return text.replace("&", "").removesuffix(" …")


def make_actions(window: QWidget) -> dict[str, QAction]:
    """Create the actions by name, and add them to the window, so that their shortcuts work in all of it."""
    actions = {}
    for spec in SPECS:
        action = QAction(spec.text, window)
        action.setObjectName(spec.name)
        action.setShortcuts([QKeySequence(keys, QKeySequence.SequenceFormat.PortableText) for keys in spec.keys])
        action.setCheckable(spec.checkable)
        action.setToolTip(tool_tip(spec))
        if spec.icon:
            set_icon(action, spec.icon)
        window.addAction(action)
        actions[spec.name] = action
    return actions


def tool_tip(spec: ActionSpec) -> str:
    """The action's text and shortcut, and its hint in a second line."""
    keys = f" ({shown_keys(spec.keys[0])})" if spec.keys else ""
    return f"{without_mnemonic(spec.text)}{keys}" + (f"\n{spec.hint}" if spec.hint else "")


def shown_keys(keys: str) -> str:
    """A shortcut in the native text format of this system."""
    return QKeySequence(keys, QKeySequence.SequenceFormat.PortableText).toString(QKeySequence.SequenceFormat.NativeText)
