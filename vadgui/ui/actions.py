"""Everything a person can do from a menu or the keyboard, declared once: menus, tool tips and the help all read it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from vadgui.ui.icons import set_icon


@dataclass(frozen=True)
class ActionSpec:
    """One action."""

    name: str
    """By which code asks for it."""
    menu: str
    text: str
    """As in the menu, with its mnemonic."""
    keys: tuple[str, ...] = ()
    """Shortcuts in Qt's portable form, the one to show first."""
    icon: str = ""
    hint: str = ""
    """More than the text says; for the tool tip."""


FILE, PLAYBACK, REVIEW, ANALYSIS, TRAINING = "&File", "&Playback", "&Review", "&Analysis", "&Detectors"
VIEW, HELP = "&View", "&Help"
MENUS = (FILE, PLAYBACK, REVIEW, ANALYSIS, TRAINING, VIEW, HELP)

SPECS = (
    ActionSpec("open", FILE, "&Open video …", ("Ctrl+O",), "open", "Any file that FFmpeg reads"),
    ActionSpec("open_folder", FILE, "Open picture &folder …", ("Ctrl+Shift+O",), hint="Numbered pictures in a folder"),
    ActionSpec("open_demo", FILE, "Open the &demo", (), hint="A rendered plaza with a detector that knows it"),
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
    ActionSpec("next_segment", REVIEW, "&Next segment", ("N", "]"), "next-segment"),
    ActionSpec("previous_segment", REVIEW, "&Previous segment", ("P", "["), "previous-segment"),
    ActionSpec("export", REVIEW, "&Export segment …", ("E",), "export", "The selected segment as an annotated clip"),
    ActionSpec("detector", ANALYSIS, "Choose &detector …", ("Ctrl+D",), "settings", "What normal looks like here"),
    ActionSpec("run", ANALYSIS, "&Analyse", ("Ctrl+R",), "analyse", hint="From where the analysis stopped"),
    ActionSpec("pause", ANALYSIS, "&Pause analysis", ("Ctrl+P",), "pause"),
    ActionSpec("cancel", ANALYSIS, "&Cancel analysis", (), "stop", hint="What was analysed stays"),
    ActionSpec("train", TRAINING, "&Train a detector …", ("Ctrl+T",), "teach", "From recordings of normal life"),
    ActionSpec("library", TRAINING, "Detector &library …", ("Ctrl+L",), hint="Rename, pass on, take in, delete"),
    ActionSpec("full_screen", VIEW, "&Full screen", ("F11",)),
    ActionSpec("shortcuts", HELP, "&Keyboard shortcuts", ("F1", "?")),
    ActionSpec("about", HELP, "&About vadgui"),
)


def without_mnemonic(text: str) -> str:
    """A menu text without mnemonic and dots."""
    return text.replace("&", "").removesuffix(" …")


def make_actions(window: QWidget) -> dict[str, QAction]:
    """The actions of a window by name; they work in all of it."""
    actions = {}
    for spec in SPECS:
        action = QAction(spec.text, window)
        action.setObjectName(spec.name)
        action.setShortcuts([QKeySequence(keys, QKeySequence.SequenceFormat.PortableText) for keys in spec.keys])
        action.setToolTip(tool_tip(spec))
        if spec.icon:
            set_icon(action, spec.icon)
        window.addAction(action)
        actions[spec.name] = action
    return actions


def tool_tip(spec: ActionSpec) -> str:
    """The action's name with its shortcut, and its hint below."""
    keys = f" ({shown_keys(spec.keys[0])})" if spec.keys else ""
    return f"{without_mnemonic(spec.text)}{keys}" + (f"\n{spec.hint}" if spec.hint else "")


def shown_keys(keys: str) -> str:
    """A shortcut as this system writes it."""
    return QKeySequence(keys, QKeySequence.SequenceFormat.PortableText).toString(QKeySequence.SequenceFormat.NativeText)
