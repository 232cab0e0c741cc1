"""Finished results in Postgres: one row a video and set of options, and its segments for full-text search."""

import json
import re
from uuid import UUID

from vidmap_chassis.postgres import Database, away_is_waiting
from vidmap_contracts.ids import options_digest
from vidmap_contracts.mindmap import MindmapGenerated

# Redelivery and replay bring older results again: the newer one stays, and its segments with it.
UPSERT_VIDEO = """
    insert into videos (video_id, options_digest, run_id, options, metadata, language, transcript_source, mindmap,
        exports, created_at)
    values ($1, $2, $3, $4::text::jsonb, $5::text::jsonb, $6, $7, $8::text::jsonb, $9::text::jsonb, $10)
    on conflict (video_id, options_digest) do update
    set run_id = excluded.run_id, options = excluded.options, metadata = excluded.metadata,
        language = excluded.language, transcript_source = excluded.transcript_source, mindmap = excluded.mindmap,
        exports = excluded.exports, created_at = excluded.created_at
    where videos.created_at <= excluded.created_at
    returning run_id
"""
DELETE_SEGMENTS = "delete from segments where video_id = $1 and options_digest = $2"
SEGMENT_COLUMNS = ("video_id", "options_digest", "position", "start_s", "end_s", "text")

# An even number of backslashes before it: an escape, not the words `\u0000` in somebody's text.
_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


class PostgresVideoStore:
    """Stores finished results."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replace(self, event: MindmapGenerated) -> None:
        """Store the result with its segments, in the place of an older one for the same options.

        Raises:
            WaitError: Postgres is away.
        """
        digest = options_digest(event.options)
        with away_is_waiting():
            async with self._database.pool.acquire() as connection, connection.transaction():
                stored: UUID | None = await connection.fetchval(UPSERT_VIDEO, *_video_values(event, digest))
                if stored is None:
                    return
                await connection.execute(DELETE_SEGMENTS, event.video_id, digest)
                await connection.copy_records_to_table(
                    "segments", records=_segment_rows(event, digest), columns=SEGMENT_COLUMNS
                )


def _video_values(event: MindmapGenerated, digest: str) -> tuple[object, ...]:
    return (
        event.video_id,
        digest,
        event.run,
        event.options.model_dump_json(),
        _storable(event.metadata.model_dump_json()),
        event.transcript.language,
        event.transcript.source,
        _storable(event.mindmap.model_dump_json()),
        _storable(json.dumps(event.exports)),
        event.occurred_at,
    )


def _segment_rows(event: MindmapGenerated, digest: str) -> list[tuple[object, ...]]:
    return [
        (event.video_id, digest, position, segment.start, segment.end, segment.text.replace("\x00", ""))
        for position, segment in enumerate(event.transcript.segments)
    ]


def _storable(document: str) -> str:
    """JSON without NUL characters, which Postgres does not store."""
    return _ESCAPED_NUL.sub(r"\1", document)
