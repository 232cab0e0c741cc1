"""The stand-in, an HTTP client that goes through it, and events."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest
from tests.standins.youtube import YouTubeStandIn

from vidmap_contracts.job import ProcessingOptions
from vidmap_contracts.video import VideoSubmitted
from vidmap_metadata.adapters.http import create_http_client


@pytest.fixture(scope="session")
def standin() -> Iterator[YouTubeStandIn]:
    with YouTubeStandIn() as standin:
        yield standin


@pytest.fixture
async def http_client(standin: YouTubeStandIn) -> AsyncIterator[httpx.AsyncClient]:
    async with create_http_client(standin.proxy, standin.ca_file, timeout=5) as client:
        yield client


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def create_submitted(now: datetime) -> Callable[..., VideoSubmitted]:
    def create(video_id: str = "okmanual001") -> VideoSubmitted:
        return VideoSubmitted(
            event_id=UUID(int=1),
            occurred_at=now,
            job_id=UUID(int=2),
            video_id=video_id,
            run=UUID(int=3),
            trace="0" * 32,
            options=ProcessingOptions(language="de"),
        )

    return create
