"""The actions of an archive's window."""

from __future__ import annotations

from engine.common.language import tr_noop
from vadgui.ui.action_spec import ARCHIVE, HELP, ActionSpec

ARCHIVE_SPECS: tuple[ActionSpec, ...] = (
    ActionSpec("archive_open", ARCHIVE, tr_noop("Open another archive …"), ("Ctrl+O",)),
    ActionSpec(
        "archive_refresh",
        ARCHIVE,
        tr_noop("Refresh"),
        ("F5",),
        hint=tr_noop("Read everything anew; changes come by themselves, too"),
    ),
    ActionSpec("archive_day_before", ARCHIVE, tr_noop("The day before that has footage"), ("Alt+Left",)),
    ActionSpec("archive_day_after", ARCHIVE, tr_noop("The next day that has footage"), ("Alt+Right",)),
    ActionSpec(
        "archive_filter",
        ARCHIVE,
        tr_noop("Filter the segments"),
        ("Ctrl+F",),
        hint=tr_noop("Puts the cursor above the list"),
    ),
    ActionSpec("archive_segments", ARCHIVE, tr_noop("List of segments"), ("Ctrl+1",)),
    ActionSpec("archive_attention", ARCHIVE, tr_noop("List of recordings that need attention"), ("Ctrl+2",)),
    ActionSpec(
        "archive_next_area",
        ARCHIVE,
        tr_noop("Next area"),
        ("F6",),
        hint=tr_noop("The keyboard goes on to calendar, lanes, list"),
    ),
    ActionSpec("archive_previous_area", ARCHIVE, tr_noop("Previous area"), ("Shift+F6",)),
    ActionSpec("archive_close", ARCHIVE, tr_noop("Close the archive"), ("Ctrl+W",)),
    ActionSpec(
        "archive_commands",
        HELP,
        tr_noop("&Command palette"),
        ("Ctrl+K",),
        hint=tr_noop("Any action by a part of its name"),
    ),
    ActionSpec("archive_shortcuts", HELP, tr_noop("&Keyboard shortcuts"), ("F1", "?")),
)
