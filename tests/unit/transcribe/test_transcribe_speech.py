from datetime import datetime

import pytest
from tests.unit.transcribe.fakes import NOW, FakeRecogniser, InMemoryStore, metadata_event, recognised

from vidmap_contracts.transcript import SpeechWindowRequested
from vidmap_transcribe.errors import AudioMissingError, LanguageNotSupportedError
from vidmap_transcribe.speech.service import Recognition


def clock() -> datetime:
    return NOW


def window_request(window: int = 2, language: str = "en") -> SpeechWindowRequested:
    return SpeechWindowRequested.caused_by(
        metadata_event(),
        at=NOW,
        parts=(window,),
        window=window,
        windows=5,
        offset=10.0 * window,
        duration=10.0,
        audio="key",
        language=language,
    )


async def test_words_have_the_times_of_the_video_when_a_window_is_recognised():
    store, request = InMemoryStore(sound={"key": b"hello"}), window_request()

    result = await Recognition(store, FakeRecogniser(), clock).recognise(request)

    assert [(part.text, part.start, part.end) for part in result.segments] == [("hello", 20.0, 23.0)]
    assert (result.window, result.windows, result.run, result.provider) == (2, 5, request.run, "whisper")


async def test_the_model_is_not_asked_again_when_the_request_is_repeated():
    store, recogniser = InMemoryStore(sound={"key": b"hello"}), FakeRecogniser()
    recognition, request = Recognition(store, recogniser, clock), window_request()

    first = await recognition.recognise(request)
    second = await recognition.recognise(request)

    assert first == second
    assert recogniser.calls == 1


async def test_the_known_result_is_given_when_the_audio_is_gone_after_the_join():
    store, request = InMemoryStore(), window_request()
    await store.keep_window(recognised(request))

    assert await Recognition(store, FakeRecogniser(), clock).recognise(request) == recognised(request)


async def test_the_window_fails_when_its_audio_is_gone():
    with pytest.raises(AudioMissingError) as raised:
        await Recognition(InMemoryStore(), FakeRecogniser(), clock).recognise(window_request())

    assert raised.value.code == "audio_missing"


async def test_the_window_fails_when_the_model_does_not_know_the_language():
    store = InMemoryStore(sound={"key": b"hallo"})

    with pytest.raises(LanguageNotSupportedError):
        await Recognition(store, FakeRecogniser(), clock).recognise(window_request(language="de"))
