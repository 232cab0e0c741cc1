"""What the client brings back, through the real yt-dlp."""

import asyncio
import json
from asyncio.subprocess import Process
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest
from tests.standins.youtube import YouTubeStandIn
from tests.standins.youtube.talks import COFFEE

from vidmap_chassis.errors import TransientError
from vidmap_youtube import Captions, Chapter, VideoInfo, YouTube, YouTubeSettings
from vidmap_youtube import process as process_module

_DEADLINE_S = 30
_AT_A_TIME = 4


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    """Every worker that is started from here on."""
    processes: list[Process] = []
    start = asyncio.create_subprocess_exec

    async def recording(*args: str, **options: object) -> Process:
        processes.append(await start(*args, **options))  # type: ignore[arg-type]
        return processes[-1]

    monkeypatch.setattr(process_module.asyncio, "create_subprocess_exec", recording)
    return processes


async def test_extract_describes_the_video_when_it_has_chapters_and_captions(youtube: YouTube) -> None:
    info = await youtube.extract("vmSampleCap")
    assert (info.video_id, info.title, info.channel) == ("vmSampleCap", COFFEE.title, COFFEE.author)
    assert info.channel_id == "UC" + "x" * 22
    assert info.duration == pytest.approx(488, abs=5)
    assert info.published_at == datetime(2024, 1, 2, 11, 4, 5, tzinfo=UTC)
    assert info.thumbnail_url == "https://i.ytimg.com/vi/vmSampleCap/hqdefault.jpg"
    assert info.live_status == "not_live"
    assert [chapter.title for chapter in info.chapters] == [section.heading for section in COFFEE.sections]
    assert info.chapters[0] == Chapter(title="Where the plant grows", start=0, end=info.chapters[1].start)
    assert [(track.language, track.kind) for track in info.caption_tracks] == [("en", "manual")]


async def test_extract_names_originals_only_when_youtube_offers_machine_translations(youtube: YouTube) -> None:
    info = await youtube.extract("multilang01")
    assert [(track.language, track.kind) for track in info.caption_tracks] == [
        ("de", "manual"),
        ("pt-BR", "manual"),
        ("en-GB", "manual"),
        ("de-orig", "automatic"),
    ]
    assert info.language == "de"


async def test_extract_reports_a_live_stream_when_it_is_on_air(youtube: YouTube) -> None:
    assert (await youtube.extract("livenow0001")).live_status == "is_live"


async def test_extract_asks_only_youtube_when_it_runs(standin: YouTubeStandIn, youtube: YouTube) -> None:
    before = len(standin.requests)
    await youtube.extract("nocaption01")
    asked = [(request.method, request.host, request.path) for request in standin.requests[before:]]
    assert asked == [
        ("GET", "www.youtube.com", "/watch"),
        ("POST", "www.youtube.com", "/youtubei/v1/player"),
    ]


CAPTIONS = {
    ("okmanual001", "en"): ("en", "manual", "json3"),
    ("autoonly001", "en"): ("en", "automatic", "json3"),
    ("vttonly0001", "en"): ("en", "manual", "vtt"),
    ("multilang01", "en"): ("en-GB", "manual", "json3"),
    ("multilang01", "fr"): ("de", "manual", "json3"),
    ("nocaption01", "en"): None,
    ("capempt0001", "en"): None,
    ("pottoke0001", "en"): None,
}


async def test_captions_are_the_best_track_when_a_language_is_preferred(youtube: YouTube) -> None:
    bound = asyncio.Semaphore(_AT_A_TIME)

    async def fetch(video_id: str, language: str) -> tuple[str, str, str] | None:
        async with bound:
            found = await youtube.captions(video_id, [language])
        return (found.language, found.kind, found.format) if found else None

    results = await asyncio.gather(*(fetch(*asked) for asked in CAPTIONS))
    assert dict(zip(CAPTIONS, results, strict=True)) == CAPTIONS


async def test_captions_hold_every_word_of_the_talk_when_it_has_captions(youtube: YouTube) -> None:
    found = await youtube.captions("vmSampleCap", ["en"])
    assert isinstance(found, Captions)
    events = json.loads(found.body)["events"]
    assert " ".join(event["segs"][0]["utf8"] for event in events).split() == COFFEE.spoken.split()


async def test_captions_cost_one_extraction_when_they_are_read(standin: YouTubeStandIn, youtube: YouTube) -> None:
    before = standin.count("/youtubei/v1/player", "okmanual002")
    await youtube.captions("okmanual002", ["en"])
    assert standin.count("/youtubei/v1/player", "okmanual002") - before == 1


async def test_download_gives_one_whole_file_when_the_way_is_bumpy(youtube: YouTube, tmp_path: Path) -> None:
    expected = {"okmanual001": 60, "truncat0001": 60, "med403once1": 60, "vmSampleTlk": 391}
    paths = await asyncio.gather(*(youtube.download_audio(video_id, tmp_path) for video_id in expected))
    assert {path.stem: round(_audio_seconds(path)) for path in paths} == expected
    assert {item.name for item in tmp_path.iterdir()} == {path.name for path in paths}


def _audio_seconds(path: Path) -> float:
    with av.open(str(path)) as container:
        assert [stream.type for stream in container.streams] == ["audio"]
        return (container.duration or 0) / 1_000_000


async def test_progress_rises_to_the_end_when_audio_is_downloaded(youtube: YouTube, tmp_path: Path) -> None:
    shares: list[float] = []

    async def on_progress(share: float) -> None:
        shares.append(share)

    await youtube.download_audio("slowmed0003", tmp_path, on_progress)
    assert len(shares) >= 5
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


async def test_download_kills_the_worker_when_it_is_cancelled(
    youtube: YouTube, tmp_path: Path, started: list[Process]
) -> None:
    under_way = asyncio.Event()

    async def on_progress(_: float) -> None:
        under_way.set()

    download = asyncio.create_task(youtube.download_audio("slowmed0001", tmp_path, on_progress))
    async with asyncio.timeout(_DEADLINE_S):
        await under_way.wait()
        download.cancel()
        with pytest.raises(asyncio.CancelledError):
            await download
    assert [process.returncode for process in started] == [-9]


async def test_extract_kills_the_worker_when_it_takes_too_long(
    create_settings: Callable[..., YouTubeSettings], started: list[Process]
) -> None:
    youtube = YouTube(create_settings(socket_timeout=60, extract_timeout=1.5))
    with pytest.raises(TransientError) as raised:
        await youtube.extract("hangapi0002")
    assert raised.value.code == "timeout"
    assert [process.returncode for process in started] == [-9]


async def test_worker_ends_when_its_parent_closes_the_pipe(
    youtube: YouTube, tmp_path: Path, started: list[Process]
) -> None:
    under_way = asyncio.Event()

    async def on_progress(_: float) -> None:
        under_way.set()

    download = asyncio.create_task(youtube.download_audio("slowmed0002", tmp_path, on_progress))
    async with asyncio.timeout(_DEADLINE_S):
        await under_way.wait()
        stdin = started[0].stdin
        assert stdin is not None
        stdin.close()
        with pytest.raises(TransientError) as raised:
            await download
    assert raised.value.code == "worker_died"


async def test_cookies_are_sent_and_left_alone_when_a_file_is_set(
    standin: YouTubeStandIn, create_settings: Callable[..., YouTubeSettings], tmp_path: Path
) -> None:
    cookies = tmp_path / "cookies.txt"
    text = "# Netscape HTTP Cookie File\n.youtube.com\tTRUE\t/\tTRUE\t4102444800\tVIDMAP\tyes\n"
    cookies.write_text(text)
    cookies.chmod(0o400)
    before = len(standin.requests)
    await YouTube(create_settings(cookies_file=cookies, player_clients=("visionos",))).extract("okmanual001")
    assert "VIDMAP=yes" in standin.requests[before].headers["cookie"]
    assert cookies.read_text() == text


async def test_player_clients_are_asked_when_they_are_set(
    standin: YouTubeStandIn, create_settings: Callable[..., YouTubeSettings]
) -> None:
    before = len(standin.requests)
    await YouTube(create_settings(player_clients="visionos")).extract("okmanual001")
    clients = {request.client for request in standin.requests[before:] if request.client}
    assert clients == {"VISIONOS"}


def test_video_info_survives_json_when_it_travels_from_the_worker() -> None:
    info = VideoInfo(video_id="a" * 11, title="t", chapters=(Chapter(title="c", start=0, end=1),))
    assert VideoInfo.model_validate_json(info.model_dump_json()) == info
