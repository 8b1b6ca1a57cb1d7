"""All segments that fit a query, in order, as keys: what they are is read of those alone that are looked at."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from engine.archive.database import Archive
from engine.archive.schema import recordings, segments
from engine.archive.searching import Hit, HitKey, Query, conditions, hits_where, in_order


def ranking(archive: Archive, query: Query) -> list[HitKey]:
    """What `search` finds, in its order.

    Raises:
        ArchiveError: the archive can't be read.
    """
    s = segments.c
    keys = sa.select(s.recording_id, s.number).join_from(segments, recordings, s.recording_id == recordings.c.id)
    wanted = keys.where(*conditions(query)).order_by(*in_order()).limit(query.limit)
    with archive.reading() as connection:
        return [(recording, number) for recording, number in connection.execute(wanted)]


def hits(archive: Archive, keys: Sequence[HitKey]) -> dict[HitKey, Hit]:
    """What these are; those that are gone by now are left out.

    Raises:
        ArchiveError: the archive can't be read.
    """
    key = sa.tuple_(segments.c.recording_id, segments.c.number)
    with archive.reading() as connection:
        found = hits_where(connection, key.in_(keys))
    return {hit.key: hit for hit in found}
