"""Awaits what Qt signals tell; qasync runs coroutines in Qt's loop, but has nothing that waits for a signal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from PySide6.QtCore import SignalInstance


async def until(condition: Callable[[], bool], *signals: SignalInstance) -> None:
    """Wait until a condition holds, which is asked now and whenever one of the signals is emitted.

    The signals have to be emitted in the thread of the running loop. Raises what `condition` raises.
    """
    holds = asyncio.get_running_loop().create_future()

    def look(*_: object) -> None:
        if holds.done():
            return  # it holds already: this coroutine goes on in the loop's next round, and disconnects then
        try:
            if condition():
                holds.set_result(None)
        except Exception as error:
            holds.set_exception(error)

    for signal in signals:
        signal.connect(look)
    try:
        look()
        await holds
    finally:
        for signal in signals:
            signal.disconnect(look)
