"""All segments that fit a query, in order, as keys: what they are is read of those alone that are looked at."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from engine.archive.database import Archive
from engine.archive.schema import recordings, segments
from engine.archive.searching import ROWS_AT_ONCE, Hit, HitKey, Query, conditions, hits_where, in_order

_MOST_NUMBERS = 1_000_000
"""A recording has fewer segments than that."""


def ranking(archive: Archive, query: Query) -> list[HitKey]:
    """What `search` finds, in its order.

    Raises:
        ArchiveError: the archive can't be read.
    """
    s = segments.c
    keys = sa.select(s.recording_id, s.number).join_from(segments, recordings, s.recording_id == recordings.c.id)
    wanted = keys.where(*conditions(query)).order_by(*in_order()).limit(query.limit)
    with archive.reading() as connection:
        rows = connection.execute(wanted).yield_per(ROWS_AT_ONCE)
        return [(recording, number) for recording, number in rows]


def hits(archive: Archive, keys: Sequence[HitKey]) -> dict[HitKey, Hit]:
    """What these are, a few hundred at the most; those that are gone by now are left out.

    Raises:
        ArchiveError: the archive can't be read.
    """
    s = segments.c
    recording_ids, numbers = ({key[part] for key in keys} for part in (0, 1))
    # For a list of pairs SQLite looks at every segment, and a condition for each is compiled anew each time. The first
    # two conditions are found by the primary key, the third leaves of these what was asked for.
    code = sa.cast(s.recording_id, sa.BigInteger) * _MOST_NUMBERS + s.number
    wanted = (
        s.recording_id.in_(sorted(recording_ids)),
        s.number.in_(sorted(numbers)),
        code.in_([recording * _MOST_NUMBERS + number for recording, number in keys]),
    )
    with archive.reading() as connection:
        found = hits_where(connection, *wanted)
    return {hit.key: hit for hit in found}
