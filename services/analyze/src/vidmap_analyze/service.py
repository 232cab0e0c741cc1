"""The use case: from a transcript to its topics, computed once for the same words and options."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from vidmap_analyze.domain.material import Line, Mark, Material, Outline, Stretch
from vidmap_analyze.errors import NoSpeechError
from vidmap_analyze.ports import Analyser, OutlineStore
from vidmap_contracts.content import ContentAnalyzed, Topic
from vidmap_contracts.transcript import TranscriptGenerated

Counted = Callable[[Literal["computed", "stored"]], None]
"""Is told where an outline came from."""


class Analysis:
    """Turns transcripts into topics.

    Args:
        analyser: does the work.
        store: keeps what it made.
        counted: counts.
        clock: the present moment.
    """

    def __init__(
        self, *, analyser: Analyser, store: OutlineStore, counted: Counted, clock: Callable[[], datetime]
    ) -> None:
        self._analyser = analyser
        self._store = store
        self._counted = counted
        self._clock = clock

    async def analyze(self, event: TranscriptGenerated) -> ContentAnalyzed:
        """The event that follows.

        Raises:
            NoSpeechError: there are no words.
            ModelMissingError, WorkerDiedError: as the analyser says.
        """
        material = material_of(event)
        outline = await self._outline(event.video_id, material)
        return ContentAnalyzed.caused_by(
            event,
            at=self._clock(),
            options=event.options,
            metadata=event.metadata,
            transcript=event.transcript,
            summary=outline.summary,
            topics=[topic_of(stretch) for stretch in outline.stretches],
        )

    async def _outline(self, video_id: str, material: Material) -> Outline:
        if not any(line.text.strip() for line in material.lines):
            raise NoSpeechError
        if (stored := await self._store.load(material)) is not None:
            self._counted("stored")
            return stored
        outline = await self._analyser.analyse(material)
        if not outline.stretches:
            raise NoSpeechError
        await self._store.save(video_id, material, outline)
        self._counted("computed")
        return outline


def material_of(event: TranscriptGenerated) -> Material:
    """What an event asks to be analysed."""
    return Material(
        lines=tuple(Line(segment.text, segment.start, segment.end) for segment in event.transcript.segments),
        language=event.transcript.language,
        marks=tuple(Mark(chapter.title, chapter.start) for chapter in event.metadata.chapters),
        branches=event.options.branches,
        leaves=event.options.leaves,
    )


def topic_of(stretch: Stretch) -> Topic:
    """A stretch as messages say it. Segments of a transcript have times, so its stretches do."""
    return Topic(
        label=stretch.label,
        summary=stretch.summary,
        first_segment=stretch.first,
        last_segment=stretch.last,
        start=stretch.start or 0.0,
        end=stretch.end or 0.0,
        topics=tuple(topic_of(part) for part in stretch.parts),
    )
