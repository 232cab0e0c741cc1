"""Finished results in Postgres. The indexer writes them; the gateway only reads."""

import asyncpg

from vidmap_contracts.video import VideoMetadata
from vidmap_gateway.adapters.postgres import Connections
from vidmap_gateway.ports import StoredVideo

JSON = "json"
_NEWEST = "from videos where video_id = $1 order by created_at desc limit 1"
FIND = f"""
    select video_id, metadata::text as metadata, language, transcript_source, created_at,
        array(select jsonb_object_keys(exports) order by 1) as exports
    {_NEWEST}
"""
MINDMAP = f"select mindmap::text {_NEWEST}"
EXPORT = f"select exports ->> $2 {_NEWEST}"


class PostgresVideoRepository:
    """Reads finished results."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def find(self, video_id: str) -> StoredVideo | None:
        """The newest result of a video."""
        async with self._connections.acquire() as connection:
            row = await connection.fetchrow(FIND, video_id)
        return _video(row) if row else None

    async def document(self, video_id: str, format_name: str) -> str | None:
        """The newest map of a video in one format; None where there is none."""
        async with self._connections.acquire() as connection:
            if format_name == JSON:
                return await connection.fetchval(MINDMAP, video_id)
            return await connection.fetchval(EXPORT, video_id, format_name)


def _video(row: "asyncpg.Record") -> StoredVideo:
    return StoredVideo(
        video_id=row["video_id"],
        metadata=VideoMetadata.model_validate_json(row["metadata"]),
        language=row["language"],
        transcript_source=row["transcript_source"],
        formats=(JSON, *row["exports"]),
        created_at=row["created_at"],
    )
