"""The indexer's SQL, on a real Postgres."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from vidmap_chassis.errors import TransientError
from vidmap_chassis.postgres import Database
from vidmap_chassis.settings import PostgresSettings
from vidmap_contracts.job import ProcessingOptions
from vidmap_contracts.mindmap import MindMap, MindmapGenerated, Node
from vidmap_contracts.transcript import Segment, Transcript
from vidmap_contracts.video import VideoMetadata
from vidmap_indexer.adapters.postgres import PostgresVideoStore

VIDEO = "dQw4w9WgXcQ"
NOW = datetime.now(UTC)


def mindmap_generated(
    title: str = "A talk", texts: tuple[str, ...] = ("one", "two"), **fields: Any
) -> MindmapGenerated:
    segments = tuple(Segment(text=text, start=float(at), end=at + 1.0) for at, text in enumerate(texts))
    root = Node(id="n0", label=title, start=0, end=2)
    given: dict[str, Any] = {
        "event_id": uuid4(),
        "occurred_at": NOW,
        "job_id": uuid4(),
        "video_id": VIDEO,
        "run": uuid4(),
        "trace": "0" * 32,
        "metadata": VideoMetadata(title=title, source="yt_dlp"),
        "transcript": Transcript(language="en", source="whisper", segments=segments),
        "mindmap": MindMap(video_id=VIDEO, title=title, language="en", duration=2, root=root),
        "exports": {"markdown": f"# {title}\n"},
    }
    return MindmapGenerated.model_validate(given | fields)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(PostgresSettings(dsn=database_url), "test")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def store(database: Database) -> PostgresVideoStore:
    return PostgresVideoStore(database)


async def texts_of(database: Database) -> list[str]:
    rows = await database.pool.fetch("select text from segments order by options_digest, position")
    return [row["text"] for row in rows]


async def test_result_is_found_when_stored(database: Database, store: PostgresVideoStore) -> None:
    event = mindmap_generated()
    await store.replace(event)
    row = await database.pool.fetchrow("select *, mindmap::text as map, exports ->> 'markdown' as markdown from videos")
    assert row is not None
    assert (row["run_id"], row["language"], row["transcript_source"]) == (event.run, "en", "whisper")
    assert MindMap.model_validate_json(row["map"]) == event.mindmap
    assert row["markdown"] == "# A talk\n"
    found = await database.pool.fetchval("select start_s from segments where words @@ to_tsquery('simple', 'two')")
    assert found == 1.0


async def test_one_result_remains_when_stored_again(database: Database, store: PostgresVideoStore) -> None:
    await store.replace(mindmap_generated(texts=("one", "two", "three")))
    await store.replace(mindmap_generated("Better", texts=("four",), occurred_at=NOW + timedelta(seconds=1)))
    assert await database.pool.fetchval("select count(*) from videos") == 1
    assert await database.pool.fetchval("select metadata ->> 'title' from videos") == "Better"
    assert await texts_of(database) == ["four"]


async def test_newer_result_stays_when_older_one_comes_late(database: Database, store: PostgresVideoStore) -> None:
    await store.replace(mindmap_generated("New"))
    await store.replace(mindmap_generated("Old", texts=("gone",), occurred_at=NOW - timedelta(days=1)))
    assert await database.pool.fetchval("select metadata ->> 'title' from videos") == "New"
    assert await texts_of(database) == ["one", "two"]


async def test_results_stand_side_by_side_when_options_differ(database: Database, store: PostgresVideoStore) -> None:
    await store.replace(mindmap_generated())
    await store.replace(mindmap_generated(options=ProcessingOptions(language="de")))
    assert await database.pool.fetchval("select count(*) from videos") == 2
    assert len(await texts_of(database)) == 4


async def test_nul_is_dropped_and_its_name_kept_when_text_has_both(
    database: Database, store: PostgresVideoStore
) -> None:
    await store.replace(mindmap_generated("a\x00b \\u0000 \\\x00c", texts=("x\x00y",)))
    assert await database.pool.fetchval("select mindmap ->> 'title' from videos") == "ab \\u0000 \\c"
    assert await texts_of(database) == ["xy"]


async def test_transient_error_is_raised_when_postgres_is_away() -> None:
    settings = PostgresSettings(dsn="postgresql://postgres@127.0.0.1:1/none", pool_min=0)
    away = Database(settings, "test")
    await away.open()
    with pytest.raises(TransientError) as error:
        await PostgresVideoStore(away).replace(mindmap_generated())
    assert error.value.code == "database_unavailable"
