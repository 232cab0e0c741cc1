import random
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.transcribe.fakes import (
    NOW,
    BrokerAwayError,
    FakeCutter,
    FakeOutbox,
    FakeSource,
    InMemoryStore,
    metadata_event,
    recognised,
)

from vidmap_chassis.errors import PermanentError, RateLimitedError
from vidmap_contracts.job import ProgressState
from vidmap_contracts.transcript import SpeechWindowRequested, TranscriptGenerated
from vidmap_contracts.video import MetadataExtracted
from vidmap_transcribe.domain.captions import CaptionDocument
from vidmap_transcribe.errors import LanguageNotSupportedError, NoSpeechError, PlanMissingError
from vidmap_transcribe.service import Captioning, Transcription

VTT = b"WEBVTT\n\n00:00:01.000 --> 00:00:03.000\nHello there.\n\n00:00:03.000 --> 00:00:04.000\nGoodbye.\n"
CAPTIONS = CaptionDocument("en", "manual", "vtt", VTT)


def clock() -> datetime:
    return NOW


class Scene:
    """The use cases over one store, and what they published."""

    def __init__(
        self,
        *,
        source: FakeSource | None = None,
        windows: int = 20,
        seconds: float = 10.0,
        english_only: bool = True,
    ) -> None:
        self.source = source or FakeSource()
        self.store = InMemoryStore()
        self.outbox = FakeOutbox()
        self.transcription = Transcription(
            captioning=Captioning(self.source),
            source=self.source,
            cutter=FakeCutter(windows, seconds),
            transcripts=self.store,
            speech=self.store,
            lanes=8,
            english_only=english_only,
            clock=clock,
        )

    async def begin(self, event: MetadataExtracted) -> None:
        await self.transcription.begin(event, self.outbox)

    def requested(self) -> list[int]:
        return [request.window for request in self.outbox.of(SpeechWindowRequested)]

    def published(self) -> list[TranscriptGenerated]:
        return self.outbox.of(TranscriptGenerated)


async def test_captions_become_the_transcript_when_there_are_some():
    scene = Scene(source=FakeSource(CAPTIONS))
    event = metadata_event(tracks=True, option="de", language="en")

    await scene.begin(event)

    (generated,) = scene.published()
    assert generated.transcript.source == "captions_manual"
    assert [(part.text, part.start, part.end) for part in generated.transcript.segments] == [
        ("Hello there.", 1.0, 3.0),
        ("Goodbye.", 3.0, 4.0),
    ]
    assert (generated.run, generated.options, generated.metadata) == (event.run, event.options, event.metadata)
    assert scene.source.asked == [("de", "en")]
    assert scene.source.downloads == 0
    assert scene.outbox.reports[-1][:2] == (ProgressState.FINISHED, 40)


async def test_nothing_is_fetched_when_the_transcript_is_kept_already():
    scene = Scene(source=FakeSource(CAPTIONS))
    await scene.begin(metadata_event(tracks=True))
    second = metadata_event(tracks=True)

    await scene.begin(second)

    assert len(scene.source.asked) == 1
    assert scene.published()[1].run == second.run
    assert scene.published()[1].transcript == scene.published()[0].transcript


async def test_the_transcript_is_made_anew_when_another_language_is_wanted():
    scene = Scene(source=FakeSource(CAPTIONS))

    await scene.begin(metadata_event(tracks=True))
    await scene.begin(metadata_event(tracks=True, option="de"))

    assert len(scene.source.asked) == 2


@pytest.mark.parametrize("body", [b"WEBVTT\n", b"<html>", b"WEBVTT\n\n00:01.000 --> 00:02.000\n[Music]\n"])
async def test_speech_is_recognised_when_captions_hold_no_words(body: bytes):
    scene = Scene(source=FakeSource(CaptionDocument("en", "manual", "vtt", body)))

    await scene.begin(metadata_event(tracks=True))

    assert scene.requested() == [0, 1, 2, 3, 4, 5, 6, 7]


async def test_captions_are_not_asked_for_when_the_source_lists_none():
    scene = Scene()

    await scene.begin(metadata_event(tracks=False))

    assert scene.source.asked == []
    assert scene.source.downloads == 1


async def test_withheld_captions_are_waited_for_then_speech_is_recognised_when_it_goes_on():
    scene = Scene(source=FakeSource(error=RateLimitedError("captions_rate_limited", "Wait.", 300)))
    with pytest.raises(RateLimitedError):
        await scene.begin(metadata_event(tracks=True))

    scene.outbox.attempt = 2
    await scene.begin(metadata_event(tracks=True))

    assert scene.requested()


async def test_the_limit_is_passed_on_when_youtube_limits_everything():
    scene = Scene(source=FakeSource(error=RateLimitedError("rate_limited", "Wait.", 900)))
    scene.outbox.attempt = 5

    with pytest.raises(RateLimitedError):
        await scene.begin(metadata_event(tracks=True))


async def test_nothing_is_downloaded_when_the_model_does_not_know_the_language():
    scene = Scene()

    with pytest.raises(LanguageNotSupportedError) as raised:
        await scene.begin(metadata_event(language="de"))

    assert raised.value.code == "language_not_supported"
    assert scene.source.downloads == 0


async def test_the_spoken_language_is_asked_for_when_the_model_knows_many():
    scene = Scene(english_only=False)

    await scene.begin(metadata_event(language="pt-BR"))

    assert {request.language for request in scene.outbox.of(SpeechWindowRequested)} == {"pt-BR"}


async def test_the_next_window_of_the_lane_is_asked_for_when_one_comes_back():
    scene = Scene(windows=20)
    await scene.begin(metadata_event())
    request = scene.outbox.of(SpeechWindowRequested)[3]

    await scene.transcription.join(recognised(request), scene.outbox)

    assert scene.requested() == [0, 1, 2, 3, 4, 5, 6, 7, 11]
    assert scene.outbox.reports[-1] == (ProgressState.ADVANCED, 21, "Recognised 0 of 3 minutes of speech", 1)


async def test_a_repeated_result_asks_for_nothing_when_the_next_is_on_its_way():
    scene = Scene(windows=20)
    await scene.begin(metadata_event())
    result = recognised(scene.outbox.of(SpeechWindowRequested)[3])

    await scene.transcription.join(result, scene.outbox)
    await scene.transcription.join(result, scene.outbox)

    assert scene.requested().count(11) == 1


async def test_the_next_window_is_asked_for_again_when_the_broker_went_away_before():
    scene = Scene(windows=20)
    await scene.begin(metadata_event())
    result = recognised(scene.outbox.of(SpeechWindowRequested)[3])
    scene.outbox.refuse_after = len(scene.outbox.events)
    with pytest.raises(BrokerAwayError):
        await scene.transcription.join(result, scene.outbox)

    scene.outbox.refuse_after = None
    await scene.transcription.join(result, scene.outbox)

    assert scene.requested().count(11) == 1


@given(st.integers(1, 30), st.integers(0, 2**32))
async def test_one_transcript_comes_out_when_windows_come_in_any_order_with_repeats(windows: int, seed: int):
    scene, chance = Scene(windows=windows), random.Random(seed)
    await scene.begin(metadata_event())
    open_requests = scene.outbox.of(SpeechWindowRequested)
    seen = len(open_requests)
    while open_requests:
        request = open_requests.pop(chance.randrange(len(open_requests)))
        for _ in range(chance.choice([1, 1, 2])):
            await scene.transcription.join(recognised(request), scene.outbox)
        asked = scene.outbox.of(SpeechWindowRequested)
        open_requests.extend(asked[seen:])
        seen = len(asked)

    assert sorted(scene.requested()) == list(range(windows))
    (generated,) = scene.published()
    assert [part.text for part in generated.transcript.segments] == [f"words {index}" for index in range(windows)]
    assert [part.start for part in generated.transcript.segments] == [10.0 * index for index in range(windows)]
    assert scene.outbox.reports[-1][:2] == (ProgressState.FINISHED, 40)
    assert scene.store.sound == {}
    progress = [report[1] for report in scene.outbox.reports]
    assert progress == sorted(progress)


@given(st.integers(1, 30), st.integers(0, 12), st.integers(0, 2**32))
async def test_it_goes_on_where_it_was_when_the_metadata_is_delivered_again(windows: int, done: int, seed: int):
    scene, chance = Scene(windows=windows), random.Random(seed)
    event = metadata_event()
    await scene.begin(event)
    for _ in range(done):
        asked = [item for item in scene.outbox.of(SpeechWindowRequested) if item.window not in await missing(scene)]
        if asked:
            await scene.transcription.join(recognised(chance.choice(asked)), scene.outbox)
    # The broker forgot everything; Postgres did not.
    scene.outbox.events.clear()

    await scene.begin(event)

    assert scene.source.downloads == 1
    assert len(scene.requested()) <= 8
    await drain(scene)
    assert len(scene.published()) == 1
    assert len(scene.published()[0].transcript.segments) == windows


async def missing(scene: Scene) -> set[int]:
    return {window for _, window in scene.store.results}


async def drain(scene: Scene) -> None:
    position = 0
    while position < len(scene.outbox.of(SpeechWindowRequested)):
        request = scene.outbox.of(SpeechWindowRequested)[position]
        await scene.transcription.join(recognised(request), scene.outbox)
        position += 1


async def test_the_transcript_is_published_again_when_the_join_was_cut_off_before_its_mark():
    scene = Scene(windows=1)
    await scene.begin(metadata_event())
    result = recognised(scene.outbox.of(SpeechWindowRequested)[0])
    await scene.transcription.join(result, scene.outbox)
    scene.store.joined.clear()

    await scene.transcription.join(result, scene.outbox)

    first, second = scene.published()
    assert first.event_id == second.event_id


async def test_nothing_happens_when_a_window_comes_after_the_join():
    scene = Scene(windows=2)
    await scene.begin(metadata_event())
    requests = scene.outbox.of(SpeechWindowRequested)
    for request in (*requests, *requests):
        await scene.transcription.join(recognised(request), scene.outbox)

    assert len(scene.published()) == 1


async def test_the_job_fails_with_a_sentence_when_nobody_speaks():
    scene = Scene(windows=2)
    await scene.begin(metadata_event())
    first, second = scene.outbox.of(SpeechWindowRequested)
    await scene.transcription.join(recognised(first, ""), scene.outbox)

    with pytest.raises(NoSpeechError) as raised:
        await scene.transcription.join(recognised(second, ""), scene.outbox)

    assert isinstance(raised.value, PermanentError)
    assert raised.value.code == "no_speech"
    assert raised.value.message.startswith("No speech was found in this video.")


async def test_the_job_fails_with_a_sentence_when_the_plan_is_forgotten():
    scene = Scene(windows=2)
    await scene.begin(metadata_event())
    result = recognised(scene.outbox.of(SpeechWindowRequested)[0])
    scene.store.plans.clear()

    with pytest.raises(PlanMissingError):
        await scene.transcription.join(result, scene.outbox)


async def test_the_length_of_the_recording_is_told_when_the_source_did_not_know_it():
    scene = Scene(windows=2)
    await scene.begin(metadata_event(duration=None))
    await drain(scene)

    assert scene.published()[0].metadata.duration == 20.0


@pytest.mark.parametrize(("told", "end"), [(19.0, 12.0), (11.2, 11.2), (5.0, 12.0), (None, 12.0)])
async def test_words_end_with_the_length_that_was_told_when_it_is_only_rounded(told: float | None, end: float):
    scene = Scene(windows=1, seconds=12.0)
    await scene.begin(metadata_event(duration=told))
    (request,) = scene.outbox.of(SpeechWindowRequested)
    result = recognised(request)
    whole = result.segments[0].model_copy(update={"end": 12.0})
    await scene.transcription.join(result.model_copy(update={"segments": (whole,)}), scene.outbox)

    assert scene.published()[0].transcript.segments[-1].end == end
