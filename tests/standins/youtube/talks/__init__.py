"""Two talks of our own writing: a script each, and for one of them a recording.

A script is a text file: lines that begin with `# ` are section headings, everything else is spoken.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.standins.youtube.captions import Cue

_FOLDER = Path(__file__).parent
_WORDS_A_MINUTE = 150
_SECTION_PAUSE_S = 1.5
_WORDS_A_LINE = 8


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what is said under it."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk, its script and, where there is one, its recording."""

    name: str
    title: str
    author: str
    about: str

    @property
    def sections(self) -> tuple[Section, ...]:
        """The script in its sections."""
        return _sections((_FOLDER / f"{self.name}.txt").read_text())

    @property
    def spoken(self) -> str:
        """All that is said, without headings: the reference for speech recognition."""
        return "\n\n".join(section.text for section in self.sections)

    @property
    def audio(self) -> Path:
        """The recording: Opus in WebM."""
        return _FOLDER / f"{self.name}.webm"


COFFEE = Talk("coffee", "How coffee gets from the plant to the cup", "Kitchen Science", "From the tree to the tasting.")
TIDES = Talk("tides", "How the tides work", "Shore School", "Why the sea rises and falls, and what follows from it.")


@cache
def _sections(script: str) -> tuple[Section, ...]:
    parts = re.split(r"(?m)^# (.+)$", script)[1:]
    return tuple(
        Section(heading.strip(), " ".join(text.split())) for heading, text in zip(parts[::2], parts[1::2], strict=True)
    )


def _timed(talk: Talk) -> list[tuple[Section, list[Cue]]]:
    """Each section with its lines, at a steady pace."""
    timed: list[tuple[Section, list[Cue]]] = []
    clock = 0.0
    for section in talk.sections:
        lines: list[Cue] = []
        for line in _lines(section.text):
            end = clock + len(line.split()) * 60 / _WORDS_A_MINUTE
            lines.append(Cue(clock, end, line))
            clock = end
        timed.append((section, lines))
        clock += _SECTION_PAUSE_S
    return timed


def _lines(text: str) -> list[str]:
    """Short lines that never run over the end of a sentence."""
    lines: list[str] = []
    for sentence in re.split(r"(?<=[.!?]) ", text):
        words = sentence.split()
        rows = -(-len(words) // _WORDS_A_LINE)
        size = -(-len(words) // rows)
        lines += [" ".join(words[start : start + size]) for start in range(0, len(words), size)]
    return lines


def cues(talk: Talk) -> tuple[Cue, ...]:
    """The talk as caption lines."""
    return tuple(cue for _, lines in _timed(talk) for cue in lines)


def chapter_lines(talk: Talk) -> str:
    """The sections as uploaders write them into a description, one `m:ss title` a line."""
    starts = [(section.heading, int(lines[0].start)) for section, lines in _timed(talk)]
    return "\n".join(f"{start // 60}:{start % 60:02} {heading}" for heading, start in starts)


def duration_of(spoken: tuple[Cue, ...]) -> float:
    """Seconds until the last line ends, and a breath."""
    return spoken[-1].end + 1.0
