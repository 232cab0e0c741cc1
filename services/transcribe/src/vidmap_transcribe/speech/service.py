"""One window: from its audio to segments in the time of the video."""

from collections.abc import Callable, Sequence
from datetime import datetime

from vidmap_contracts.transcript import Segment, SpeechWindowRecognised, SpeechWindowRequested
from vidmap_transcribe.domain.cues import Cue, in_recording
from vidmap_transcribe.errors import AudioMissingError
from vidmap_transcribe.ports import Recogniser, RecognitionStore


class Recognition:
    """Recognises windows, each once.

    Args:
        store: audio and what was heard in it.
        recogniser: the speech model.
        clock: the time.
    """

    def __init__(self, store: RecognitionStore, recogniser: Recogniser, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._recogniser = recogniser
        self._clock = clock

    async def recognise(self, event: SpeechWindowRequested) -> SpeechWindowRecognised:
        """The words of a window.

        Raises:
            AudioMissingError: its audio is past its time.
            LanguageNotSupportedError: the model does not know the language.
            UnreadableRecordingError: its audio cannot be decoded.
        """
        # The join has it already, so the audio may be gone: this is a redelivery.
        if known := await self._store.window(event.run, event.window):
            return known
        self._recogniser.check(event.language)
        audio = await self._store.audio(event.audio)
        if audio is None:
            raise AudioMissingError
        return self._recognised(event, await self._heard(event, audio))

    async def _heard(self, event: SpeechWindowRequested, audio: bytes) -> tuple[Cue, ...]:
        model, language = self._recogniser.name, event.language
        cues = await self._store.recognition(audio, model, language)
        if cues is None:
            cues = await self._recogniser.recognise(audio, language)
            await self._store.keep_recognition(event.video_id, audio, model, language, cues)
        return cues

    def _recognised(self, event: SpeechWindowRequested, cues: Sequence[Cue]) -> SpeechWindowRecognised:
        placed = in_recording(cues, event.offset, event.duration)
        return SpeechWindowRecognised.caused_by(
            event,
            at=self._clock(),
            parts=(event.window,),
            window=event.window,
            windows=event.windows,
            provider="whisper",
            language=event.language,
            segments=tuple(Segment(text=cue.text, start=cue.start, end=cue.end) for cue in placed),
        )
