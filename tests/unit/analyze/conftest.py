"""Instruments without models, transcripts, and the event that brings one."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from vidmap_analyze.adapters.terms import term_gram
from vidmap_analyze.domain.instruments import Instruments
from vidmap_analyze.domain.material import Line
from vidmap_analyze.domain.stopwords import STOP_WORDS
from vidmap_contracts.job import ProcessingOptions
from vidmap_contracts.transcript import Segment, Transcript, TranscriptGenerated
from vidmap_contracts.video import Chapter, VideoMetadata

SUBJECTS = ("tidal bulge", "sourdough bread", "suspension bridge", "honey bees", "steam engine", "chess opening")
_FRAMES = (
    "The {0} is what we look at in this part of the evening lecture.",
    "Nobody who studies the {0} for long forgets how it behaves.",
    "Old books describe the {0} with great care and many drawings.",
    "When the {0} changes, everything around it has to follow.",
)


def talk(sections: int, sentences: int = 12, seconds: float = 6.0) -> tuple[Line, ...]:
    """A talk about one subject after the other, each with a word of its own in every sentence."""
    texts = [
        _FRAMES[index % len(_FRAMES)].format(SUBJECTS[section % len(SUBJECTS)])
        for section in range(sections)
        for index in range(sentences)
    ]
    return tuple(Line(text, index * seconds, (index + 1) * seconds) for index, text in enumerate(texts))


@pytest.fixture
def instruments() -> Instruments:
    """Terms by scikit-learn, phrases by looking for the subjects; no encoder."""

    def phrases(texts: Sequence[str]) -> list[list[str]]:
        return [[subject for subject in SUBJECTS if subject in text.lower()] for text in texts]

    return Instruments(
        term_gram=term_gram,
        noun_phrases=phrases,
        stop_words=lambda language: STOP_WORDS if language == "en" else frozenset(),
    )


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def create_transcript_generated(now: datetime) -> Callable[..., TranscriptGenerated]:
    def create(
        lines: Sequence[Line] = talk(4),
        chapters: tuple[Chapter, ...] = (),
        options: ProcessingOptions | None = None,
    ) -> TranscriptGenerated:
        segments = tuple(Segment(text=line.text, start=line.start or 0, end=line.end or 0) for line in lines)
        return TranscriptGenerated(
            event_id=UUID(int=1),
            occurred_at=now,
            job_id=UUID(int=2),
            video_id="abcdefghijk",
            run=UUID(int=3),
            trace="0" * 32,
            options=options or ProcessingOptions(),
            metadata=VideoMetadata(title="A talk", source="yt_dlp", chapters=chapters),
            transcript=Transcript(language="en", source="captions_manual", segments=segments),
        )

    return create
