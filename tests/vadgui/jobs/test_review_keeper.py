"""The thread that keeps the review."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from vadgui.jobs.review_keeper import ReviewKeeper


@pytest.mark.timeout(10)
def test_nobody_waits_for_a_keeper_that_is_closed(qtbot: QtBot) -> None:
    del qtbot
    keeper = ReviewKeeper(lambda: None)
    keeper.close()
    keeper.flush()  # what was opened just before the window closed is announced afterwards
    keeper.close()
