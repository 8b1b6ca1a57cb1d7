"""Work on a file that a helper does by itself: a function of this package, called there."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from engine.common.events import ShouldStop, never_stop
from engine.common.json_values import convert
from engine.video.helper.client import Helper, Item, nonsense

T = TypeVar("T")


def called(
    path: Path, function: str, should_stop: ShouldStop = never_stop, **arguments: Any
) -> Generator[Item, None, None]:
    """The items of a generator "module:function", which a helper calls with the path as text and these arguments.

    Raises:
        VideoError: as the function raises, or the helper died.
        Cancelled: `should_stop` said yes.
    """
    helper = Helper(path)
    try:
        arguments = {"path": str(path), **arguments}
        with closing(helper.answers("call", should_stop, function=function, arguments=arguments)) as answers:
            yield from answers
    finally:
        helper.close()


def one_answer(path: Path, wanted: type[T], function: str, **arguments: Any) -> T:
    """The one item of such a generator, as a dataclass.

    Raises:
        VideoError: as the function raises, or the helper died.
    """
    helper = Helper(path)
    try:
        arguments = {"path": str(path), **arguments}
        with closing(helper.answers("call", function=function, arguments=arguments)) as answers:
            for message, _ in answers:
                return convert(message, wanted)
    except ValueError:
        pass
    finally:
        helper.close()
    raise nonsense(path)
