"""From a video's metadata to its transcript: captions, or speech that is recognised window by window.

Every step can be repeated: a redelivery finds what was made before and goes on from there.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from pathlib import Path

import structlog

from vidmap_contracts.event import Event
from vidmap_contracts.job import ProcessingOptions, ProgressState, Stage
from vidmap_contracts.transcript import (
    Segment,
    SpeechProvider,
    SpeechWindowRecognised,
    SpeechWindowRequested,
    Transcript,
    TranscriptGenerated,
    TranscriptSource,
)
from vidmap_contracts.video import MetadataExtracted, VideoMetadata
from vidmap_transcribe.domain.captions import CaptionsError, read_captions, source_of
from vidmap_transcribe.domain.cues import Cue, arranged
from vidmap_transcribe.domain.turns import first_in_each_lane, next_in_lane, share, told
from vidmap_transcribe.domain.windows import PlannedWindow
from vidmap_transcribe.errors import (
    LanguageNotSupportedError,
    NoSpeechError,
    PlanMissingError,
    RateLimitedError,
    UnreadableRecordingError,
)
from vidmap_transcribe.ports import Cutter, Outbox, SpeechPlan, SpeechStore, TranscriptStore, VideoSource

log = structlog.get_logger()

_BEGIN = Stage.TRANSCRIPT_GENERATION.progress_before
_END = Stage.TRANSCRIPT_GENERATION.progress
_LAST = 1_000_000_000
"""Sequence of the last report: after that of any window."""
_ROUNDED_S = 2.0
"""YouTube tells whole seconds, and recordings have some padding."""
_WITHHELD = "captions_rate_limited"
_PATIENCE = 2
"""Captions that YouTube withholds are waited for this often; then the speech is recognised instead."""


class Captioning:
    """Transcripts from the captions that a video has.

    Args:
        source: where captions come from.
    """

    def __init__(self, source: VideoSource) -> None:
        self._source = source

    async def transcript(self, event: MetadataExtracted, attempt: int) -> Transcript | None:
        """The captions as a transcript; None where there are none with words.

        Args:
            event: the video.
            attempt: how often it failed before.
        """
        metadata = event.metadata
        if metadata.source == "yt_dlp" and not metadata.caption_tracks:
            return None
        try:
            document = await self._source.captions(event.video_id, _languages(event))
            cues = read_captions(document, duration=metadata.duration or None) if document else ()
        except CaptionsError as error:
            log.warning("captions are broken, speech is recognised instead", reason=str(error))
            return None
        except RateLimitedError as error:
            if error.code != _WITHHELD or attempt < _PATIENCE:
                raise
            log.warning("captions are withheld, speech is recognised instead")
            return None
        if document is None or not cues:
            return None
        return _transcript(document.language, source_of(document.kind), cues)


class Transcription:
    """The transcript of a video, and the join of its windows.

    Args:
        captioning: the first choice.
        source: where audio comes from.
        cutter: cuts recordings.
        transcripts: finished transcripts.
        speech: what runs have of their recordings.
        lanes: windows of one recording that may be in work at once.
        english_only: whether the speech model is known to understand nothing but English.
        clock: the time.
    """

    def __init__(
        self,
        *,
        captioning: Captioning,
        source: VideoSource,
        cutter: Cutter,
        transcripts: TranscriptStore,
        speech: SpeechStore,
        lanes: int,
        english_only: bool,
        clock: Callable[[], datetime],
    ) -> None:
        self._captioning = captioning
        self._source = source
        self._cutter = cutter
        self._transcripts = transcripts
        self._speech = speech
        self._lanes = lanes
        self._english_only = english_only
        self._clock = clock

    async def begin(self, event: MetadataExtracted, outbox: Outbox) -> Transcript | None:
        """Publish the transcript, or ask for the first windows of speech.

        Returns:
            The transcript that was published, or None where windows are on their way.

        Raises:
            VidmapError: what the source says, `NoSpeechError`, `LanguageNotSupportedError`.
        """
        language = event.options.language
        if kept := await self._transcripts.transcript(event.video_id, language):
            await self._publish(event, event.options, event.metadata, kept, outbox)
            return kept
        if plan := await self._speech.plan(event.run):
            return await self._resume(event, plan, outbox)
        if captions := await self._captioning.transcript(event, outbox.attempt):
            await self._transcripts.keep_transcript(event.video_id, language, captions)
            await self._publish(event, event.options, event.metadata, captions, outbox)
            return captions
        return await self._resume(event, await self._prepare(event, outbox), outbox)

    async def join(self, event: SpeechWindowRecognised, outbox: Outbox) -> Transcript | None:
        """Keep the result of a window; publish the transcript when all are there, else ask for the next window.

        Windows come in any order and more than once.

        Returns:
            The transcript that was published, or None.

        Raises:
            PlanMissingError: the run was forgotten.
            NoSpeechError: all windows are there and hold no words.
        """
        if await self._speech.is_joined(event.run):
            return None
        plan = await self._speech.plan(event.run)
        if plan is None:
            raise PlanMissingError
        if await self._speech.window(event.run, event.window) is None:
            # Asked for before the result is kept: so whoever finds the result knows that the next is on its way.
            await self._request_next(event, plan, outbox)
            await self._speech.keep_window(event)
        done = await self._speech.count_windows(event.run)
        await self._report(plan, done, outbox)
        return await self._finish(event, plan, outbox) if done >= len(plan.windows) else None

    async def _resume(self, event: Event, plan: SpeechPlan, outbox: Outbox) -> Transcript | None:
        known = await self._speech.windows(event.run)
        if len(known) >= len(plan.windows):
            return await self._finish(event, plan, outbox)
        for window in first_in_each_lane(len(plan.windows), plan.lanes, known.keys()):
            await outbox.publish(self._request(event, plan, window))
        return None

    async def _prepare(self, event: MetadataExtracted, outbox: Outbox) -> SpeechPlan:
        language = event.metadata.language or event.options.language
        if self._english_only and language.split("-", 1)[0] != "en":
            raise LanguageNotSupportedError(language)
        await outbox.progress(ProgressState.ADVANCED, _BEGIN, message="No captions: fetching the audio")
        windows = await self._windows(event)
        plan = SpeechPlan(
            options=event.options, metadata=event.metadata, language=language, lanes=self._lanes, windows=windows
        )
        await self._speech.keep_plan(event.run, event.video_id, plan)
        return plan

    async def _windows(self, event: MetadataExtracted) -> tuple[PlannedWindow, ...]:
        planned: list[PlannedWindow] = []
        with tempfile.TemporaryDirectory(prefix="vidmap-audio-") as directory:
            recording = await self._source.download_audio(event.video_id, Path(directory))
            # One window at a time: memory must not grow with the recording.
            async with aclosing(self._cutter.windows(recording)) as windows:
                async for window in windows:
                    key = await self._speech.keep_audio(event.run, event.video_id, len(planned), window.body)
                    planned.append(PlannedWindow(window.offset, window.duration, key))
        if not planned:
            raise UnreadableRecordingError("The audio of this video is empty. Submit another video.")
        return tuple(planned)

    async def _request_next(self, event: SpeechWindowRecognised, plan: SpeechPlan, outbox: Outbox) -> None:
        window = next_in_lane(event.window, len(plan.windows), plan.lanes)
        while window is not None and await self._speech.window(event.run, window) is not None:
            window = next_in_lane(window, len(plan.windows), plan.lanes)
        if window is not None:
            await outbox.publish(self._request(event, plan, window))

    def _request(self, cause: Event, plan: SpeechPlan, window: int) -> SpeechWindowRequested:
        planned = plan.windows[window]
        return SpeechWindowRequested.caused_by(
            cause,
            at=self._clock(),
            parts=(window,),
            window=window,
            windows=len(plan.windows),
            offset=planned.offset,
            duration=planned.duration,
            audio=planned.audio,
            language=plan.language,
        )

    async def _report(self, plan: SpeechPlan, done: int, outbox: Outbox) -> None:
        windows = len(plan.windows)
        await outbox.progress(
            ProgressState.ADVANCED,
            share(done, windows, _BEGIN, _END),
            message=told(done, windows, plan.duration),
            sequence=done,
        )

    async def _finish(self, event: Event, plan: SpeechPlan, outbox: Outbox) -> Transcript:
        known = await self._speech.windows(event.run)
        transcript = _joined([known[window] for window in sorted(known)], _end(plan))
        if not transcript.segments:
            await self._speech.discard_audio(event.run)
            raise NoSpeechError
        await self._transcripts.keep_transcript(event.video_id, plan.options.language, transcript)
        await self._publish(event, plan.options, _measured(plan), transcript, outbox)
        await self._speech.mark_joined(event.run, event.video_id)
        await self._speech.discard_audio(event.run)
        return transcript

    async def _publish(
        self,
        cause: Event,
        options: ProcessingOptions,
        metadata: VideoMetadata,
        transcript: Transcript,
        outbox: Outbox,
    ) -> None:
        await outbox.publish(
            TranscriptGenerated.caused_by(
                cause, at=self._clock(), options=options, metadata=metadata, transcript=transcript
            )
        )
        await outbox.progress(ProgressState.FINISHED, _END, sequence=_LAST)


def _languages(event: MetadataExtracted) -> tuple[str, ...]:
    wanted = (event.options.language, event.metadata.language)
    return tuple(dict.fromkeys(language for language in wanted if language))


def _transcript(language: str, source: TranscriptSource, cues: Sequence[Cue]) -> Transcript:
    segments = tuple(Segment(text=cue.text, start=cue.start, end=cue.end) for cue in cues)
    return Transcript(language=language, source=source, segments=segments)


def _joined(windows: Sequence[SpeechWindowRecognised], end: float) -> Transcript:
    """One transcript; it names the provider and the language of most windows."""
    cues = (Cue(part.text, part.start, part.end) for window in windows for part in window.segments)
    providers: Counter[SpeechProvider] = Counter(window.provider for window in windows)
    languages = Counter(window.language for window in windows)
    return _transcript(languages.most_common(1)[0][0], providers.most_common(1)[0][0], arranged(cues, end=end))


def _end(plan: SpeechPlan) -> float:
    """Seconds at which the last words end: as the source tells it, where that is only rounded."""
    told_s = plan.metadata.duration
    return told_s if told_s and 0 < plan.duration - told_s < _ROUNDED_S else plan.duration


def _measured(plan: SpeechPlan) -> VideoMetadata:
    """The metadata, with the length of the recording where the source did not tell."""
    if plan.metadata.duration:
        return plan.metadata
    return plan.metadata.model_copy(update={"duration": plan.duration})
