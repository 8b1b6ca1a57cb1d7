"""Names of exported clips, made of a template."""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.common.errors import ExportError
from engine.common.language import tr, tr_noop
from engine.common.names import MAX_NAME_BYTES, cut_name, fitting_name, name_bytes
from engine.export.list_files import safe_name
from engine.export.reviewed import ListedSegment, ReviewedRecording

DEFAULT_TEMPLATE = "{recording}.segment-{segment}"
FIELDS = {
    "recording": tr_noop("the recording's name"),
    "segment": tr_noop("the segment's number"),
    "verdict": tr_noop("its verdict"),
    "first": tr_noop("its first frame"),
    "last": tr_noop("its last frame"),
    "time": tr_noop("when it begins: the time of day, or where nothing tells it, the time in the recording"),
}
"""What a template may contain in braces, and what that becomes."""

_FIELD = re.compile(r"\{([^{}]*)\}")
_SPARE_BYTES = 16
"""For the number by which the next free name differs, and for a shortened name's hash."""
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def clip_name(template: str, name: str, recording: ReviewedRecording, segment: ListedSegment, suffix: str) -> str:
    """The name of a segment's clip, which every file system takes; `name` stands for the recording.

    Raises:
        ExportError: the template is empty, or has a field that there is not.
    """
    values = {
        "recording": name,
        "segment": str(segment.number),
        "verdict": str(segment.verdict),
        "first": str(segment.start),
        "last": str(segment.stop - 1),
        "time": _time(recording, segment),
    }
    refuse_template(template)
    # Of a name that is too long, what tells its segments apart stays.
    others = _filled_in(template, values | {"recording": ""})
    room_bytes = MAX_NAME_BYTES - name_bytes(others + suffix) - _SPARE_BYTES
    if room_bytes > _SPARE_BYTES:
        values["recording"] = cut_name(safe_name(name), room_bytes // max(template.count("{recording}"), 1))
    stem = safe_name(_filled_in(template, values))
    if stem.startswith(".") or _RESERVED.match(stem):  # hidden files, and to Windows devices
        stem = f"_{stem}"
    return fitting_name(stem, suffix)


def _filled_in(template: str, values: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda field: values[field[1]], template).strip()


def refuse_template(template: str) -> None:
    """Check that names can be made of a template.

    Raises:
        ExportError: it is empty, or has a field that there is not.
    """
    known = ", ".join(f"{{{field}}}" for field in FIELDS)
    if not template.strip():
        raise ExportError(tr("Clips need a name"), advice=tr("It may contain {known}.").format(known=known))
    unknown = [field for field in _FIELD.findall(template) if field not in FIELDS]
    if unknown or set("{}") & set(_FIELD.sub("", template)):
        wrong = f"{{{unknown[0]}}}" if unknown else tr("a single brace")
        raise ExportError(
            tr("The name can't contain {wrong}").format(wrong=wrong),
            subject=template,
            advice=tr("It may contain {known}.").format(known=known),
        )


def _time(recording: ReviewedRecording, segment: ListedSegment) -> str:
    seconds = recording.start_seconds(segment)
    if moment := recording.time_of_day(seconds):
        return f"{moment:%Y-%m-%d_%H-%M-%S}"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60:02}-{minutes % 60:02}-{rest:02}"
