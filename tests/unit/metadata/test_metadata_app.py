"""Settings, wiring, the store's format and the counters."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from prometheus_client import CollectorRegistry
from tests.standins.youtube import YouTubeStandIn, data_api

from vidmap_chassis.artefacts import Artefacts
from vidmap_chassis.postgres import Database
from vidmap_chassis.settings import PostgresSettings
from vidmap_contracts.video import Chapter, VideoMetadata
from vidmap_metadata.adapters.artefacts import ArtefactStore
from vidmap_metadata.app import create_app, create_chain
from vidmap_metadata.metrics import MetadataMetrics
from vidmap_metadata.settings import Settings
from vidmap_youtube import YouTubeSettings


class FakeArtefacts(Artefacts):
    """Keeps bodies in memory."""

    def __init__(self) -> None:
        super().__init__(Database(PostgresSettings(), "test"))
        self.bodies: dict[str, bytes] = {}
        self.ttl: timedelta | None = None

    async def get(self, key: str) -> bytes | None:
        return self.bodies.get(key)

    async def put(
        self,
        key: str,
        body: bytes,
        *,
        kind: str,
        video_id: str,
        owner: str | None = None,
        ttl: timedelta | None = None,
    ) -> None:
        assert (kind, video_id, owner) == ("metadata", "okmanual001", None)
        self.bodies[key] = body
        self.ttl = ttl


async def test_store_gives_back_what_was_kept_when_it_is_asked_again() -> None:
    artefacts = FakeArtefacts()
    store = ArtefactStore(artefacts, timedelta(days=1))
    metadata = VideoMetadata(title="t", chapters=(Chapter(title="c", start=0, end=1),), source="yt_dlp")
    await store.save("okmanual001", metadata)
    assert await store.load("okmanual001") == metadata
    assert await store.load("okmanual002") is None
    assert artefacts.ttl == timedelta(days=1)


async def test_store_knows_nothing_when_what_was_kept_cannot_be_read() -> None:
    artefacts = FakeArtefacts()
    store = ArtefactStore(artefacts, timedelta(days=1))
    await store.save("okmanual001", VideoMetadata(title="t", source="yt_dlp"))
    artefacts.bodies = dict.fromkeys(artefacts.bodies, b"{}")
    assert await store.load("okmanual001") is None


def test_settings_come_from_the_environment_when_they_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METADATA_MAX_DURATION", "3600")
    monkeypatch.setenv("METADATA_IN_FLIGHT", "5")
    monkeypatch.setenv("YOUTUBE_API_KEY", "secret-key")
    settings = Settings()
    assert (settings.max_duration, settings.in_flight) == (3600, 5)
    assert settings.api_key is not None
    assert "secret-key" not in repr(settings)


def test_settings_have_defaults_when_the_environment_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUTUBE_API_KEY", "")
    settings = Settings()
    assert (settings.max_duration, settings.in_flight, settings.api_key) == (43_200, 2, None)


async def test_app_subscribes_without_connecting_when_it_is_created() -> None:
    app = create_app(Settings())
    assert app.service == "metadata"
    assert not app.connected


@pytest.fixture
def create_settings(standin: YouTubeStandIn) -> Callable[..., Settings]:
    def create(**changes: object) -> Settings:
        youtube = YouTubeSettings(proxy=standin.proxy, ca_file=standin.ca_file, socket_timeout=2)
        return Settings.model_validate({"youtube": youtube, **changes})

    return create


@pytest.mark.parametrize(
    ("key", "video_id", "source"),
    [
        (data_api.GOOD_KEY, "okmanual001", "youtube_data_api"),
        (data_api.QUOTA_KEY, "okmanual001", "yt_dlp"),
        (None, "okmanual001", "yt_dlp"),
        (None, "api500x0001", "oembed"),
    ],
)
async def test_wired_chain_finds_the_video_when_a_source_fails(
    create_settings: Callable[..., Settings],
    http_client: httpx.AsyncClient,
    key: str | None,
    video_id: str,
    source: str,
) -> None:
    registry = CollectorRegistry()
    chain = create_chain(create_settings(api_key=key), http_client, MetadataMetrics(registry))
    assert (await chain.find(video_id)).metadata.source == source
    labels = {"source": source, "outcome": "found"}
    assert registry.get_sample_value("vidmap_metadata_sources_total", labels) == 1
