"""The chain and the rules, with fakes at the ports."""

from collections.abc import Callable
from datetime import datetime

import pytest

from vidmap_chassis.errors import NeedsOperatorError, PermanentError, RateLimitedError, TransientError, VidmapError
from vidmap_contracts.job import ProcessingOptions
from vidmap_contracts.video import MetadataSource, VideoMetadata, VideoSubmitted
from vidmap_metadata.domain import Liveness
from vidmap_metadata.ports import Found
from vidmap_metadata.service import Chain, Extraction

CreateSubmitted = Callable[..., VideoSubmitted]


def _found(source: MetadataSource, duration: float | None = 60, liveness: Liveness = Liveness.RECORDED) -> Found:
    return Found(VideoMetadata(title="A talk", duration=duration, source=source), liveness)


class FakeSource:
    """Answers as it is told."""

    def __init__(self, name: MetadataSource, answer: Found | VidmapError | None) -> None:
        self.name: MetadataSource = name
        self.answer = answer
        self.asked: list[str] = []

    async def find(self, video_id: str) -> Found | None:
        self.asked.append(video_id)
        if isinstance(self.answer, VidmapError):
            raise self.answer
        return self.answer


class InMemoryStore:
    """Remembers."""

    def __init__(self) -> None:
        self.kept: dict[str, VideoMetadata] = {}

    async def load(self, video_id: str) -> VideoMetadata | None:
        return self.kept.get(video_id)

    async def save(self, video_id: str, metadata: VideoMetadata) -> None:
        self.kept[video_id] = metadata


BUSY = TransientError("upstream_5xx", "YouTube has a problem.")
LIMITED = RateLimitedError("rate_limited", "Slow down.", 900)
PRIVATE = PermanentError("private", "This video is private.")
BOT_CHECK = NeedsOperatorError("bot_check", "A bot check.", "Set cookies.")

API, MAIN, LAST = _found("youtube_data_api"), _found("yt_dlp"), _found("oembed", None)


class Rig:
    """A chain with three fakes."""

    def __init__(self, first: object, main: object, last: object) -> None:
        self.first = FakeSource("youtube_data_api", first) if first != "no key" else None  # type: ignore[arg-type]
        self.main = FakeSource("yt_dlp", main)  # type: ignore[arg-type]
        self.last = FakeSource("oembed", last)  # type: ignore[arg-type]
        self.outcomes: list[tuple[str, str]] = []
        self.store = InMemoryStore()
        self.chain = Chain(first=self.first, main=self.main, last=self.last, outcome=self._count)

    def _count(self, source: str, outcome: str) -> None:
        self.outcomes.append((source, outcome))

    def extraction(self, now: datetime, max_duration: float = 43_200) -> Extraction:
        return Extraction(chain=self.chain, store=self.store, max_duration=max_duration, clock=lambda: now)


@pytest.mark.parametrize(
    ("first", "main", "last", "expected"),
    [
        (API, MAIN, LAST, API),
        (None, MAIN, LAST, MAIN),
        (BUSY, MAIN, LAST, MAIN),
        ("no key", MAIN, LAST, MAIN),
        ("no key", BUSY, LAST, LAST),
        (BUSY, LIMITED, LAST, LAST),
        ("no key", BUSY, None, BUSY),
        ("no key", LIMITED, BUSY, LIMITED),
        ("no key", PRIVATE, LAST, PRIVATE),
        ("no key", BOT_CHECK, LAST, BOT_CHECK),
        (None, PRIVATE, LAST, PRIVATE),
    ],
)
async def test_chain_answers_with_the_first_that_can_tell_when_some_cannot(
    first: object, main: object, last: object, expected: Found | VidmapError
) -> None:
    rig = Rig(first, main, last)
    if isinstance(expected, VidmapError):
        with pytest.raises(type(expected)) as raised:
            await rig.chain.find("okmanual001")
        assert raised.value is expected
    else:
        assert await rig.chain.find("okmanual001") is expected


async def test_nobody_else_is_asked_when_the_first_knows() -> None:
    rig = Rig(API, MAIN, LAST)
    await rig.chain.find("okmanual001")
    assert (rig.main.asked, rig.last.asked) == ([], [])


async def test_outcomes_are_counted_when_the_chain_falls_back() -> None:
    rig = Rig(None, BUSY, LAST)
    await rig.chain.find("okmanual001")
    assert rig.outcomes == [("youtube_data_api", "unknown"), ("yt_dlp", "failed"), ("oembed", "found")]


async def test_event_carries_metadata_and_options_when_the_video_is_found(
    now: datetime, create_submitted: CreateSubmitted
) -> None:
    submitted = create_submitted()
    event = await Rig("no key", MAIN, LAST).extraction(now).extract(submitted)
    assert event.metadata == MAIN.metadata
    assert event.options == ProcessingOptions(language="de")
    assert (event.run, event.job_id, event.occurred_at) == (submitted.run, submitted.job_id, now)


async def test_event_is_the_same_when_the_message_comes_again(now: datetime, create_submitted: CreateSubmitted) -> None:
    rig = Rig("no key", MAIN, LAST)
    first = await rig.extraction(now).extract(create_submitted())
    assert await rig.extraction(now).extract(create_submitted()) == first
    assert rig.main.asked == ["okmanual001"]


async def test_little_knowledge_is_not_kept_when_only_oembed_answers(
    now: datetime, create_submitted: CreateSubmitted
) -> None:
    rig = Rig("no key", BUSY, LAST)
    event = await rig.extraction(now).extract(create_submitted())
    assert event.metadata.duration is None
    assert rig.store.kept == {}


@pytest.mark.parametrize(
    ("liveness", "code"),
    [
        (Liveness.LIVE, "live_now"),
        (Liveness.UPCOMING, "live_upcoming"),
        (Liveness.PROCESSING, "processing"),
    ],
)
async def test_video_is_refused_when_there_is_no_recording(
    now: datetime, create_submitted: CreateSubmitted, liveness: Liveness, code: str
) -> None:
    rig = Rig("no key", _found("yt_dlp", liveness=liveness), LAST)
    with pytest.raises(PermanentError, match="Submit it again when") as raised:
        await rig.extraction(now).extract(create_submitted())
    assert raised.value.code == code
    assert rig.store.kept == {}


async def test_video_is_refused_when_it_is_too_long(now: datetime, create_submitted: CreateSubmitted) -> None:
    rig = Rig("no key", _found("yt_dlp", 13 * 3600), LAST)
    for _ in range(2):
        with pytest.raises(PermanentError, match="13 hours long, and the limit here is 12 hours") as raised:
            await rig.extraction(now).extract(create_submitted())
        assert raised.value.code == "too_long"


async def test_kept_video_is_refused_when_the_limit_has_come_down(
    now: datetime, create_submitted: CreateSubmitted
) -> None:
    rig = Rig("no key", MAIN, LAST)
    await rig.extraction(now).extract(create_submitted())
    with pytest.raises(PermanentError, match="limit here is 30 seconds"):
        await rig.extraction(now, max_duration=30).extract(create_submitted())
