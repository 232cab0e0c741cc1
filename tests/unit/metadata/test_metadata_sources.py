"""Contracts of the three sources, against the stand-in and against broken replies."""

from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
from tests.standins.youtube import YouTubeStandIn, data_api
from tests.standins.youtube.talks import COFFEE

from vidmap_chassis.errors import PermanentError
from vidmap_contracts.video import CaptionTrack
from vidmap_metadata.adapters.data_api import DataApiSource
from vidmap_metadata.adapters.http import create_http_client
from vidmap_metadata.adapters.oembed import OEmbedSource
from vidmap_metadata.adapters.yt_dlp import YtDlpSource
from vidmap_metadata.domain import Liveness
from vidmap_metadata.errors import SourceUnavailableError
from vidmap_metadata.ports import Source
from vidmap_youtube import YouTube, YouTubeSettings

HEADINGS = [section.heading for section in COFFEE.sections]


@pytest.fixture
def yt_dlp(standin: YouTubeStandIn) -> YtDlpSource:
    settings = YouTubeSettings(proxy=standin.proxy, ca_file=standin.ca_file, socket_timeout=5)
    return YtDlpSource(YouTube(settings))


@pytest.mark.parametrize("name", ["youtube_data_api", "yt_dlp"])
async def test_source_describes_the_talk_when_it_is_public(
    http_client: httpx.AsyncClient, yt_dlp: YtDlpSource, name: str
) -> None:
    source: Source = yt_dlp if name == "yt_dlp" else DataApiSource(http_client, data_api.GOOD_KEY)
    found = await source.find("vmSampleCap")
    assert found is not None
    metadata = found.metadata
    assert found.liveness is Liveness.RECORDED
    assert metadata.source == source.name == name
    assert (metadata.title, metadata.channel) == (COFFEE.title, COFFEE.author)
    assert metadata.duration == pytest.approx(488, abs=5)
    assert metadata.published_at == datetime(2024, 1, 2, 11, 4, 5, tzinfo=UTC)
    assert metadata.thumbnail_url == "https://i.ytimg.com/vi/vmSampleCap/hqdefault.jpg"
    assert [chapter.title for chapter in metadata.chapters] == HEADINGS
    assert metadata.chapters[-1].end == metadata.duration


async def test_yt_dlp_lists_caption_tracks_when_there_are_any(yt_dlp: YtDlpSource) -> None:
    found = await yt_dlp.find("okmanual001")
    assert found.metadata.caption_tracks == (
        CaptionTrack(language="en", kind="manual"),
        CaptionTrack(language="en-orig", kind="automatic"),
    )


async def test_yt_dlp_says_why_when_a_video_cannot_be_seen(yt_dlp: YtDlpSource) -> None:
    with pytest.raises(PermanentError) as raised:
        await yt_dlp.find("private0001")
    assert raised.value.code == "private"


async def test_yt_dlp_reports_live_when_the_stream_is_on_air(yt_dlp: YtDlpSource) -> None:
    assert (await yt_dlp.find("livenow0001")).liveness is Liveness.LIVE


@pytest.mark.parametrize(
    ("video_id", "liveness"),
    [("livenow0001", Liveness.LIVE), ("upcomin0001", Liveness.UPCOMING), ("okmanual001", Liveness.RECORDED)],
)
async def test_data_api_reports_liveness_when_a_video_is_a_stream(
    http_client: httpx.AsyncClient, video_id: str, liveness: Liveness
) -> None:
    found = await DataApiSource(http_client, data_api.GOOD_KEY).find(video_id)
    assert found is not None
    assert found.liveness is liveness


async def test_data_api_sends_the_key_in_a_header_only_when_it_is_asked(
    standin: YouTubeStandIn, http_client: httpx.AsyncClient
) -> None:
    await DataApiSource(http_client, data_api.GOOD_KEY).find("okmanual001")
    request = standin.requests[-1]
    assert request.host == "www.googleapis.com"
    assert request.headers["x-goog-api-key"] == data_api.GOOD_KEY
    assert "key" not in request.query


@pytest.mark.parametrize("video_id", ["private0001", "removed0001", "unavail0001"])
async def test_data_api_knows_nothing_when_a_video_cannot_be_seen(
    http_client: httpx.AsyncClient, video_id: str
) -> None:
    assert await DataApiSource(http_client, data_api.GOOD_KEY).find(video_id) is None


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (data_api.QUOTA_KEY, "quotaExceeded"),
        (data_api.RATE_KEY, "rateLimitExceeded"),
        (data_api.INVALID_KEY, "badRequest"),
        (data_api.BROKEN_KEY, "ValidationError"),
    ],
)
async def test_data_api_is_unavailable_when_it_refuses(http_client: httpx.AsyncClient, key: str, reason: str) -> None:
    with pytest.raises(SourceUnavailableError, match=reason):
        await DataApiSource(http_client, key).find("okmanual001")


async def test_oembed_tells_title_and_author_when_the_video_is_public(http_client: httpx.AsyncClient) -> None:
    found = await OEmbedSource(http_client).find("vmSampleCap")
    assert found is not None
    assert (found.metadata.title, found.metadata.channel) == (COFFEE.title, COFFEE.author)
    assert found.metadata.duration is None
    assert found.metadata.source == "oembed"


@pytest.mark.parametrize("video_id", ["private0001", "removed0001", "noembed0001"])
async def test_oembed_knows_nothing_when_it_is_not_allowed_to_tell(
    http_client: httpx.AsyncClient, video_id: str
) -> None:
    assert await OEmbedSource(http_client).find(video_id) is None


def _refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectTimeout("too slow", request=request)


BROKEN: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    "server error": lambda _: httpx.Response(500, text="oops"),
    "no JSON": lambda _: httpx.Response(200, text="<html>"),
    "another shape": lambda _: httpx.Response(200, json={"items": [{"id": "x"}]}),
    "a list": lambda _: httpx.Response(200, json=[1, 2]),
    "an odd duration": lambda _: httpx.Response(
        200, json={"items": [{"snippet": {"title": "t"}, "contentDetails": {"duration": "soon"}}]}
    ),
    "an error without a reason": lambda _: httpx.Response(429, json={"error": "stop"}),
    "no answer": _refuse,
}


@pytest.mark.parametrize("reply", BROKEN)
@pytest.mark.parametrize("name", ["youtube_data_api", "oembed"])
async def test_source_is_unavailable_when_the_reply_is_broken(name: str, reply: str) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(BROKEN[reply])) as client:
        source: Source = OEmbedSource(client) if name == "oembed" else DataApiSource(client, "key")
        with pytest.raises(SourceUnavailableError):
            await source.find("okmanual001")


async def test_sources_are_unavailable_when_the_proxy_is_socks() -> None:
    async with create_http_client("socks5://127.0.0.1:1080", None, timeout=5) as client:
        for source in (OEmbedSource(client), DataApiSource(client, "key")):
            with pytest.raises(SourceUnavailableError, match="ProxyError"):
                await source.find("okmanual001")
