"""The actions of the menu View."""

from __future__ import annotations

from engine.common.language import tr_noop
from vadgui.ui.action_spec import (
    ALONE,
    AREAS,
    FIRST,
    PANELS,
    PICTURE,
    PLACE,
    RECORDING,
    SEGMENT,
    THEME,
    TIMELINE,
    VIEW,
    WRITABLE,
    ActionSpec,
)


def _panel(name: str, text: str, number: int) -> tuple[ActionSpec, ActionSpec, ActionSpec]:
    """The actions that show a panel alone, that show or hide it beside the others, and that put it first."""
    alone_hint = tr_noop("Once more: all that were shown")
    first_hint = tr_noop("Before the others, and larger; or drag its title")
    return (
        ActionSpec(f"only_{name}", VIEW, text, (f"{number}",), hint=alone_hint, submenu=ALONE),
        ActionSpec(f"show_{name}", VIEW, text, (f"Ctrl+{number}",), checkable=True, submenu=PANELS),
        ActionSpec(f"first_{name}", VIEW, text, (f"Alt+{number}",), hint=first_hint, submenu=FIRST),
    )


def _place(name: str, text: str, arrow: str) -> ActionSpec:
    hint = tr_noop("Of the place whose score is shown over time")
    return ActionSpec(name, VIEW, text, (f"Alt+Shift+{arrow}",), hint=hint, submenu=PLACE, needs=RECORDING)


_PANELS = (
    _panel("frame", tr_noop("&Frame"), 1),
    _panel("predicted_flow", tr_noop("&Predicted flow"), 2),
    _panel("teacher_flow", tr_noop("&Measured flow"), 3),
    _panel("predicted_frame", tr_noop("P&redicted frame"), 4),
    _panel("psnr_mask", tr_noop("PSNR mas&k"), 5),
    _panel("evidence", tr_noop("&Evidence"), 6),
    _panel("flow_difference", tr_noop("F&low difference"), 7),
    _panel("heat_map", tr_noop("&Heat map"), 8),
)

VIEW_SPECS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "zones",
        VIEW,
        tr_noop("&Zones"),
        ("Z",),
        hint=tr_noop("Draw parts of the picture that don't count, or that alone do"),
        checkable=True,
        needs=WRITABLE,
    ),
    ActionSpec(
        "search_place",
        VIEW,
        tr_noop("S&earch a place"),
        ("Ctrl+F",),
        hint=tr_noop("Drag a rectangle: segments in which something stood out there"),
        checkable=True,
        needs=tr_noop("a recording and a calibrated detector"),
    ),
    ActionSpec(
        "redaction",
        VIEW,
        tr_noop("&Redaction"),
        ("R",),
        hint=tr_noop("Draw what is not to be seen in clips, reports and packages"),
        checkable=True,
        needs=WRITABLE,
    ),
    ActionSpec(
        "outlines",
        VIEW,
        tr_noop("&Outlines"),
        ("W",),
        hint=tr_noop("Lines round what stands out, with reasons"),
        checkable=True,
    ),
    ActionSpec("mask", VIEW, tr_noop("&Mask on frame"), ("Shift+W",), checkable=True),
    ActionSpec(
        "all_panels",
        VIEW,
        tr_noop("&All"),
        ("0",),
        hint=tr_noop("All that were shown; then the hidden ones too"),
        submenu=PANELS,
    ),
    *(show for _, show, _ in _PANELS),
    ActionSpec(
        "usual_panels",
        VIEW,
        tr_noop("&Usual arrangement"),
        ("Alt+0",),
        hint=tr_noop("Which panels are shown, in which order"),
        submenu=PANELS,
    ),
    *(alone for alone, _, _ in _PANELS),
    *(first for _, _, first in _PANELS),
    ActionSpec(
        "zoom_in", VIEW, tr_noop("Zoom &in"), ("Ctrl++", "Ctrl+="), hint=tr_noop("All panels together"), submenu=PICTURE
    ),
    ActionSpec("zoom_out", VIEW, tr_noop("Zoom &out"), ("Ctrl+-",), submenu=PICTURE),
    ActionSpec("zoom_reset", VIEW, tr_noop("&Whole picture"), ("Ctrl+0",), submenu=PICTURE),
    ActionSpec(
        "move_left", VIEW, tr_noop("Move &left"), ("Alt+Left",), hint=tr_noop("Of a zoomed picture"), submenu=PICTURE
    ),
    ActionSpec("move_right", VIEW, tr_noop("Move &right"), ("Alt+Right",), submenu=PICTURE),
    ActionSpec("move_up", VIEW, tr_noop("Move &up"), ("Alt+Up",), submenu=PICTURE),
    ActionSpec("move_down", VIEW, tr_noop("Move &down"), ("Alt+Down",), submenu=PICTURE),
    ActionSpec(
        "loupe",
        VIEW,
        tr_noop("Lou&pe"),
        ("C",),
        hint=tr_noop("Hold the key: pixels under the mouse"),
        checkable=True,
        submenu=PICTURE,
    ),
    ActionSpec(
        "window",
        VIEW,
        tr_noop("&What stands out most"),
        ("P",),
        hint=tr_noop("The score of its place over time; or click a place in a picture"),
        submenu=PLACE,
    ),
    _place("place_left", tr_noop("The next to the &left"), "Left"),
    _place("place_right", tr_noop("The next to the &right"), "Right"),
    _place("place_up", tr_noop("The next &above"), "Up"),
    _place("place_down", tr_noop("The next &below"), "Down"),
    ActionSpec("timeline_zoom_in", VIEW, tr_noop("Zoom &in"), ("+", "="), submenu=TIMELINE, needs=RECORDING),
    ActionSpec("timeline_zoom_out", VIEW, tr_noop("Zoom &out"), ("-",), submenu=TIMELINE, needs=RECORDING),
    ActionSpec("timeline_all", VIEW, tr_noop("&Whole recording"), ("Shift+Z",), submenu=TIMELINE, needs=RECORDING),
    ActionSpec("zoom_segment", VIEW, tr_noop("Zoom to the &segment"), ("A",), submenu=TIMELINE, needs=SEGMENT),
    ActionSpec(
        "time_of_day",
        VIEW,
        tr_noop("Time of &day"),
        ("Shift+D",),
        hint=tr_noop("In timeline and list, where it is known"),
        checkable=True,
        submenu=TIMELINE,
    ),
    ActionSpec(
        "lanes", VIEW, tr_noop("L&anes …"), ("T",), hint=tr_noop("Single signals under the score"), submenu=TIMELINE
    ),
    ActionSpec(
        "pan_left", VIEW, tr_noop("Move to &earlier times"), ("Ctrl+Shift+Left",), submenu=TIMELINE, needs=RECORDING
    ),
    ActionSpec(
        "pan_right", VIEW, tr_noop("Move to &later times"), ("Ctrl+Shift+Right",), submenu=TIMELINE, needs=RECORDING
    ),
    ActionSpec("larger_timeline", VIEW, tr_noop("&Taller"), ("Ctrl+Shift+Up",), submenu=TIMELINE, needs=RECORDING),
    ActionSpec("smaller_timeline", VIEW, tr_noop("S&maller"), ("Ctrl+Shift+Down",), submenu=TIMELINE, needs=RECORDING),
    ActionSpec("show_segments", VIEW, tr_noop("Se&gments"), ("F2",), checkable=True),
    ActionSpec("show_history", VIEW, tr_noop("&History"), ("F3",), checkable=True),
    ActionSpec("show_exports", VIEW, tr_noop("E&xports"), ("F4",), checkable=True),
    ActionSpec("show_recordings", VIEW, tr_noop("Recor&dings"), ("F5",), checkable=True),
    ActionSpec(
        "next_area",
        VIEW,
        tr_noop("&Next area"),
        ("F6",),
        hint=tr_noop("The keyboard goes on to the next part of the window"),
        submenu=AREAS,
    ),
    ActionSpec("previous_area", VIEW, tr_noop("&Previous area"), ("Shift+F6",), submenu=AREAS),
    ActionSpec("copy_frame", VIEW, tr_noop("&Copy what is known of this frame"), ("Ctrl+C",), needs=RECORDING),
    ActionSpec("full_screen", VIEW, tr_noop("&Full screen"), ("F11",)),
    ActionSpec("theme_system", VIEW, tr_noop("As the &system"), checkable=True, submenu=THEME),
    ActionSpec("theme_light", VIEW, tr_noop("&Light"), checkable=True, submenu=THEME),
    ActionSpec("theme_dark", VIEW, tr_noop("&Dark"), checkable=True, submenu=THEME),
)
