"""The table of failures, through the real yt-dlp."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.standins.youtube.scenarios import UNPLAYABLE

from vidmap_chassis.errors import NeedsOperatorError, PermanentError, RateLimitedError, TransientError, VidmapError
from vidmap_youtube import YouTube, YouTubeSettings

_AT_A_TIME = 4

EXTRACTION = {
    "private0001": (PermanentError, "private"),
    "private0002": (PermanentError, "private"),
    "removed0001": (PermanentError, "removed"),
    "termina0001": (PermanentError, "removed"),
    "unavail0001": (PermanentError, "unavailable"),
    "copyrig0001": (PermanentError, "copyright"),
    "agegate0001": (PermanentError, "age_restricted"),
    "members0001": (PermanentError, "members_only"),
    "georest0001": (PermanentError, "region_blocked"),
    "premium0001": (PermanentError, "payment_required"),
    "payment0001": (PermanentError, "payment_required"),
    "process0001": (PermanentError, "processing"),
    "liveend0001": (PermanentError, "processing"),
    "upcomin0001": (PermanentError, "live_upcoming"),
    "premier0001": (PermanentError, "live_upcoming"),
    "drmprot0001": (PermanentError, "drm"),
    "oddword0001": (PermanentError, "unplayable"),
    "tooshort": (PermanentError, "invalid_video_id"),
    "botchck0001": (NeedsOperatorError, "bot_check"),
    "ratelim0001": (RateLimitedError, "rate_limited"),
    "api429x0001": (RateLimitedError, "rate_limited"),
    "api403x0001": (RateLimitedError, "blocked_ip"),
    "wrongid0001": (RateLimitedError, "blocked_ip"),
    "api500x0001": (TransientError, "upstream_5xx"),
    "hangapi0001": (TransientError, "timeout"),
}
PLAYABLE = ("web429x0001", "consent0001", "recaptc0001", "flaky500001", "pottoke0001")
DOWNLOAD = {
    "med403x0001": (TransientError, "media_403"),
    "med404x0001": (TransientError, "media_unavailable"),
    "livenow0001": (PermanentError, "live_now"),
    "private0001": (PermanentError, "private"),
}
CAPTIONS = {
    "cap429x0001": (RateLimitedError, "captions_rate_limited"),
    "livenow0001": (PermanentError, "live_now"),
    "removed0001": (PermanentError, "removed"),
}

Call = Callable[[str], Awaitable[object]]


async def _outcomes(call: Call, video_ids: list[str]) -> dict[str, object]:
    bound = asyncio.Semaphore(_AT_A_TIME)

    async def outcome(video_id: str) -> object:
        async with bound:
            try:
                await call(video_id)
            except VidmapError as error:
                return type(error), error.code
        return "no error"

    results = await asyncio.gather(*(outcome(video_id) for video_id in video_ids))
    return dict(zip(video_ids, results, strict=True))


async def test_extraction_raises_the_decision_when_the_video_cannot_be_used(youtube: YouTube) -> None:
    assert await _outcomes(youtube.extract, list(EXTRACTION)) == EXTRACTION


def test_every_reason_of_the_stand_in_is_tried_when_the_table_runs() -> None:
    assert set(UNPLAYABLE) <= set(EXTRACTION)


async def test_extraction_succeeds_when_only_the_page_or_the_first_answers_fail(youtube: YouTube) -> None:
    assert set((await _outcomes(youtube.extract, list(PLAYABLE))).values()) == {"no error"}


async def test_captions_raise_the_decision_when_they_are_refused(youtube: YouTube) -> None:
    assert await _outcomes(lambda video_id: youtube.captions(video_id, ["en"]), list(CAPTIONS)) == CAPTIONS


async def test_download_raises_the_decision_when_the_media_is_refused(youtube: YouTube, tmp_path: Path) -> None:
    assert await _outcomes(lambda video_id: youtube.download_audio(video_id, tmp_path), list(DOWNLOAD)) == DOWNLOAD


async def test_extraction_is_transient_when_nothing_listens_at_the_proxy(
    create_settings: Callable[..., YouTubeSettings],
) -> None:
    youtube = YouTube(create_settings(proxy="http://127.0.0.1:9"))
    assert await _outcomes(youtube.extract, ["okmanual001"]) == {"okmanual001": (TransientError, "network")}


async def test_extraction_is_transient_when_the_certificate_is_not_trusted(
    create_settings: Callable[..., YouTubeSettings],
) -> None:
    youtube = YouTube(create_settings(ca_file=None))
    assert await _outcomes(youtube.extract, ["okmanual001"]) == {"okmanual001": (TransientError, "network")}


async def test_extraction_needs_an_operator_when_the_cookies_cannot_be_read(
    create_settings: Callable[..., YouTubeSettings], tmp_path: Path
) -> None:
    missing = YouTube(create_settings(cookies_file=tmp_path / "missing.txt"))
    (tmp_path / "broken.txt").write_text('{"json": "is no cookies.txt"}')
    broken = YouTube(create_settings(cookies_file=tmp_path / "broken.txt"))
    for youtube in (missing, broken):
        outcomes = await _outcomes(youtube.extract, ["okmanual001"])
        assert outcomes == {"okmanual001": (NeedsOperatorError, "cookies_unreadable")}
