"""What is declared of an action of a window, and the names of menus and of what actions need."""

from __future__ import annotations

from dataclasses import dataclass

from engine.common.language import tr, tr_noop


@dataclass(frozen=True)
class ActionSpec:
    """Declares one action of a window."""

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
        return without_mnemonic(tr(self.text))

    @property
    def path(self) -> str:
        """The menus that it is in, for people."""
        return " › ".join(without_mnemonic(tr(menu)) for menu in (self.menu, self.submenu) if menu)


def without_mnemonic(text: str) -> str:
    """A menu text without its mnemonic and without dots at its end."""
    return text.replace("&", "").removesuffix(" …")


FILE, PLAYBACK, REVIEW, ANALYSIS, TRAINING = (
    tr_noop("&File"),
    tr_noop("&Playback"),
    tr_noop("&Review"),
    tr_noop("&Analysis"),
    tr_noop("&Detectors"),
)
VIEW, HELP = tr_noop("&View"), tr_noop("&Help")
ARCHIVE = tr_noop("Archive window")
"""Has no menus: its actions are listed below its name."""
MENUS = (FILE, PLAYBACK, REVIEW, ANALYSIS, TRAINING, VIEW, HELP)
STEPS, SPEED, LIST, TIMELINE = tr_noop("&Steps"), tr_noop("Sp&eed"), tr_noop("Recordin&gs"), tr_noop("T&imeline")
PANELS, ALONE, FIRST, PICTURE, PLACE, AREAS, THEME = (
    tr_noop("&Panels"),
    tr_noop("One panel &alone"),
    tr_noop("O&ne panel first"),
    tr_noop("Pict&ure"),
    tr_noop("P&lace"),
    tr_noop("Area&s"),
    tr_noop("&Theme"),
)

RECORDING = tr_noop("an open recording")
SEGMENT = tr_noop("a segment that is selected or under the playhead")
SELECTED = tr_noop("a selected segment")
FLAGGED = tr_noop("flagged segments")
LISTED = tr_noop("recordings in the list")
WRITABLE = tr_noop("an open recording whose review can be changed")
