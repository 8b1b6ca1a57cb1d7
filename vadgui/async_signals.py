"""Lets a coroutine wait for Qt signals: qasync runs coroutines in Qt's event loop but can't await a signal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from PySide6.QtCore import SignalInstance


async def until(condition: Callable[[], bool], *signals: SignalInstance) -> None:
    """Wait until a condition holds. It is checked now, and whenever one of the signals is emitted.

    The signals must be emitted in the thread of the running loop. Exceptions of `condition` are raised here.
    """
    holds = asyncio.get_running_loop().create_future()

    def check(*_: object) -> None:
        if holds.done():
            return  # the coroutine resumes, and disconnects, in the loop's next iteration
        try:
            if condition():
                holds.set_result(None)
        except Exception as error:
            holds.set_exception(error)

    for signal in signals:
        signal.connect(check)
    try:
        check()
        await holds
    finally:
        for signal in signals:
            signal.disconnect(check)
