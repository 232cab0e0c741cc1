"""The stores, kept as artefacts: keys, formats and how long each lives."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from pydantic import TypeAdapter

from vidmap_chassis.artefacts import Artefacts, artefact_key
from vidmap_contracts.transcript import SpeechWindowRecognised, Transcript
from vidmap_transcribe.domain.cues import Cue
from vidmap_transcribe.ports import SpeechPlan

VERSION = 1
"""Raise it when the same video would give another transcript: what was kept before is then not found."""

# As long as Kafka keeps the events that lead back to it.
_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_CUES = TypeAdapter(tuple[Cue, ...])

_TRANSCRIPT = "transcript"
_AUDIO = "audio-window"
_PLAN = "speech-plan"
_WINDOW = "speech-window"
_JOINED = "speech-joined"
_RECOGNITION = "speech-result"


class ArtefactStore:
    """Everything that this service keeps.

    Args:
        artefacts: bytes under keys.
    """

    def __init__(self, artefacts: Artefacts) -> None:
        self._artefacts = artefacts

    async def transcript(self, video_id: str, language: str) -> Transcript | None:
        """See `TranscriptStore`."""
        body = await self._artefacts.get(_transcript_key(video_id, language))
        return Transcript.model_validate_json(body) if body is not None else None

    async def keep_transcript(self, video_id: str, language: str, transcript: Transcript) -> None:
        """See `TranscriptStore`."""
        await self._artefacts.put(
            _transcript_key(video_id, language),
            transcript.model_dump_json().encode(),
            kind=_TRANSCRIPT,
            video_id=video_id,
            ttl=_WEEK,
        )

    async def keep_audio(self, run: UUID, video_id: str, window: int, body: bytes) -> str:
        """See `SpeechStore`."""
        key = artefact_key(_AUDIO, run, window)
        await self._artefacts.put(key, body, kind=_AUDIO, video_id=video_id, owner=str(run), ttl=_DAY)
        return key

    async def audio(self, key: str) -> bytes | None:
        """See `RecognitionStore`."""
        return await self._artefacts.get(key)

    async def discard_audio(self, run: UUID) -> None:
        """See `SpeechStore`."""
        await self._artefacts.discard(str(run), _AUDIO)

    async def plan(self, run: UUID) -> SpeechPlan | None:
        """See `SpeechStore`."""
        body = await self._artefacts.get(artefact_key(_PLAN, run))
        return SpeechPlan.model_validate_json(body) if body is not None else None

    async def keep_plan(self, run: UUID, video_id: str, plan: SpeechPlan) -> None:
        """See `SpeechStore`."""
        body = plan.model_dump_json().encode()
        await self._artefacts.put(
            artefact_key(_PLAN, run), body, kind=_PLAN, video_id=video_id, owner=str(run), ttl=_WEEK
        )

    async def window(self, run: UUID, window: int) -> SpeechWindowRecognised | None:
        """See `SpeechStore`."""
        body = await self._artefacts.get(artefact_key(_WINDOW, run, window))
        return SpeechWindowRecognised.model_validate_json(body) if body is not None else None

    async def windows(self, run: UUID) -> dict[int, SpeechWindowRecognised]:
        """See `SpeechStore`."""
        bodies = (await self._artefacts.owned(str(run), _WINDOW)).values()
        results = (SpeechWindowRecognised.model_validate_json(body) for body in bodies)
        return {result.window: result for result in results}

    async def count_windows(self, run: UUID) -> int:
        """See `SpeechStore`."""
        return await self._artefacts.count(str(run), _WINDOW)

    async def keep_window(self, event: SpeechWindowRecognised) -> None:
        """See `SpeechStore`."""
        await self._artefacts.put(
            artefact_key(_WINDOW, event.run, event.window),
            event.model_dump_json().encode(),
            kind=_WINDOW,
            video_id=event.video_id,
            owner=str(event.run),
            ttl=_WEEK,
        )

    async def is_joined(self, run: UUID) -> bool:
        """See `SpeechStore`."""
        return await self._artefacts.get(artefact_key(_JOINED, run)) is not None

    async def mark_joined(self, run: UUID, video_id: str) -> None:
        """See `SpeechStore`."""
        await self._artefacts.put(
            artefact_key(_JOINED, run), b"", kind=_JOINED, video_id=video_id, owner=str(run), ttl=_WEEK
        )

    async def recognition(self, audio: bytes, model: str, language: str) -> tuple[Cue, ...] | None:
        """See `RecognitionStore`."""
        body = await self._artefacts.get(_recognition_key(audio, model, language))
        return _CUES.validate_json(body) if body is not None else None

    async def keep_recognition(
        self, video_id: str, audio: bytes, model: str, language: str, cues: Sequence[Cue]
    ) -> None:
        """See `RecognitionStore`."""
        await self._artefacts.put(
            _recognition_key(audio, model, language),
            _CUES.dump_json(tuple(cues)),
            kind=_RECOGNITION,
            video_id=video_id,
            ttl=_DAY,
        )


def _transcript_key(video_id: str, language: str) -> str:
    return artefact_key(_TRANSCRIPT, video_id, language, VERSION)


def _recognition_key(audio: bytes, model: str, language: str) -> str:
    return artefact_key(_RECOGNITION, hashlib.sha256(audio).hexdigest(), model, language, VERSION)
