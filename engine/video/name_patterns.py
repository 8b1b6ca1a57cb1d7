"""How a person's own recorder writes date and time into file names, learnt from one example."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from functools import lru_cache
from itertools import product

from engine.common.errors import VideoError
from engine.common.kept_values import changed_values, kept_values
from engine.common.language import tr
from engine.common.paths import name_patterns_file
from engine.video.local_time import utc_of

_DATES = ("Ymd", "dmY", "mdY", "ymd", "dmy", "mdy")
"""Orders in which recorders write year, month and day; Y has four digits, y two."""
_TIMES = ("HMS", "HM")
_SEPARATORS = ("", "-", "_", ".", " ", ":", "h")
_SUFFIX = re.compile(r"\.[A-Za-z]\w{0,4}$")
_FIELDS = {
    "Y": r"(?P<Y>(?:19|20)\d\d)",
    "y": r"(?P<y>\d\d)",
    "m": r"(?P<m>0[1-9]|1[0-2])",
    "d": r"(?P<d>0[1-9]|[12]\d|3[01])",
    "H": r"(?P<H>[01]\d|2[0-3])",
    "M": r"(?P<M>[0-5]\d)",
    "S": r"(?P<S>[0-5]\d)",
}


def pattern_of(example: str, moment: datetime) -> str:
    """The pattern of file names that are written like `example`, whose recording began at a local `moment`.

    In it, "%Y" and so on stand for a part of date and time, "%n" for any number, "%%" for a per cent sign. The seconds
    of the moment do not matter where the name has none.

    Raises:
        VideoError: the name does not have that date and time, or has it in several ways.
    """
    found = [
        pattern
        for date, time_of_day in product(_written(_DATES, moment), _written(_TIMES, moment))
        if (pattern := _replaced(example, date, time_of_day))
    ]
    # Those that make sense of the most digits.
    most = max(map(_sense, found), default=(0, 0))
    best = sorted({pattern for pattern in found if _sense(pattern) == most})
    readings = {_fields_of(pattern) for pattern in best}
    if not best:
        raise VideoError(
            tr("The file name does not say that date and time"),
            subject=example,
            advice=tr(
                "It would have to contain {moment:%d}, {moment:%m} and {moment:%Y} or {moment:%y}, and "
                "{moment:%H} and {moment:%M}."
            ).format(moment=moment),
        )
    if len(readings) > 1:
        raise VideoError(
            tr("Day, month and year can't be told apart in the file name"),
            subject=example,
            advice=tr("Take a recording of another day as the example."),
        )
    return best[0]


def moment_by(pattern: str, name: str, zone: tzinfo | None) -> datetime | None:
    """The moment that a file name says by a pattern, in a time zone (None is this machine's); None if it says none."""
    matched = _compiled(pattern).fullmatch(name)
    if matched is None:
        return None
    parts = {field: int(text) for field, text in matched.groupdict().items()}
    year = parts["Y"] if "Y" in parts else 2000 + parts["y"]
    try:
        local = datetime(year, parts["m"], parts["d"], parts["H"], parts["M"], parts.get("S", 0))
    except ValueError:  # there is no 30th of February
        return None
    return utc_of(local, zone)


def own_patterns() -> list[str]:
    """The patterns that were learnt on this machine, the latest first; none where the file can't be read."""
    return _readable(kept_values(name_patterns_file(), list[str]))


def remember_pattern(pattern: str) -> None:
    """Read file names by a pattern from now on.

    Raises:
        VideoError: it can't be kept.
    """
    path = name_patterns_file()
    try:
        with changed_values(path, list[str]) as patterns:
            patterns[:] = dict.fromkeys([pattern, *_readable(patterns)])
    except OSError as error:
        advice = tr("Free some space, or allow writing there ({reason}).").format(reason=error.strerror)
        raise VideoError(tr("The pattern of file names can't be kept"), subject=path, advice=advice) from error


def _written(orders: tuple[str, ...], moment: datetime) -> Iterator[tuple[str, str]]:
    """Each way to write a part of the moment, as text and as pattern."""
    for order, separator in product(orders, _SEPARATORS):
        yield separator.join(f"{moment:%{field}}" for field in order), separator.join(f"%{field}" for field in order)


def _replaced(example: str, date: tuple[str, str], time_of_day: tuple[str, str]) -> str:
    """The example with date and time as patterns, and other numbers as any number; empty where it lacks one."""
    suffix = _SUFFIX.search(example)
    name, ending = (example[: suffix.start()], suffix.group()) if suffix else (example, "")
    escaped = re.escape(date[0]), re.escape(time_of_day[0])
    for first, second, patterns in (
        (*escaped, (date[1], time_of_day[1])),
        (*reversed(escaped), (time_of_day[1], date[1])),
    ):
        if matched := re.fullmatch(rf"(.*?){first}(\D*){second}(.*)", name):
            before, between, after = (each.replace("%", "%%") for each in matched.groups())
            around = [re.sub(r"\d+", "%n", each) for each in (before, after)]
            return f"{around[0]}{patterns[0]}{between}{patterns[1]}{around[1]}{ending}"
    return ""


def _sense(pattern: str) -> tuple[int, int]:
    """How many parts of the moment a pattern has; of as many, the fewer other numbers the better."""
    names = re.findall(r"%([A-Za-z])", pattern.replace("%%", ""))
    return len(names) - names.count("n"), -names.count("n")


def _fields_of(pattern: str) -> str:
    """In which order a pattern has day, month and year, however they are separated."""
    return "".join(re.findall(r"%([dmYy])", pattern.replace("%%", ""))).lower()


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(%.)", pattern)
    escapes = {f"%{field}": expression for field, expression in _FIELDS.items()} | {"%n": r"\d+", "%%": "%"}
    return re.compile("".join(escapes[part] if part in escapes else re.escape(part) for part in parts))


def _readable(patterns: Iterable[str]) -> list[str]:
    return [each for each in patterns if _is_pattern(each)]


def _is_pattern(pattern: str) -> bool:
    try:
        return {"m", "d", "H", "M"} <= set(_compiled(pattern).groupindex)
    except re.error:  # a part of the moment comes twice
        return False
