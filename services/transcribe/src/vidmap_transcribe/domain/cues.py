"""Words with their times, and the order that every transcript keeps: ascending, no overlap, inside the recording."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

SHORTEST = 0.01
"""Seconds that a cue lasts at least: what is shorter cannot be shown or linked to."""

# Controls and lone surrogates too: neither JSON in UTF-8 nor Postgres can hold them.
_SPACES = re.compile(r"[\s\u200b\ufeff\x00-\x1f\x7f\ud800-\udfff]+")
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Cue:
    """A stretch of speech; `start` and `end` are seconds from the beginning of the recording."""

    text: str
    start: float
    end: float


def plain(text: str) -> str:
    """The text on one line, with single spaces."""
    return _SPACES.sub(" ", text).strip()


def arranged(cues: Iterable[Cue], *, begin: float = 0.0, end: float | None = None) -> tuple[Cue, ...]:
    """The cues in order, each cut at the start of the next and at the bounds; those without words are left out.

    Args:
        cues: in any order, overlapping or not.
        begin: seconds; nothing starts before it.
        end: seconds; nothing ends after it. None where the end is not known.
    """
    spoken = (replace(cue, text=plain(cue.text)) for cue in cues if _WORD.search(cue.text))
    bounded = [_bounded(cue, begin, end) for cue in spoken]
    ordered = sorted((cue for cue in bounded if cue is not None), key=lambda cue: (cue.start, cue.end))
    return _without_overlap(ordered)


def in_recording(cues: Sequence[Cue], offset: float, duration: float) -> tuple[Cue, ...]:
    """The cues of a window in the time of the recording, inside the window and without overlap.

    Args:
        cues: times from the beginning of the window.
        offset: seconds from the beginning of the recording to the window.
        duration: seconds of the window.
    """
    shifted = (replace(cue, start=cue.start + offset, end=cue.end + offset) for cue in cues)
    return arranged(shifted, begin=offset, end=offset + duration)


def _bounded(cue: Cue, begin: float, end: float | None) -> Cue | None:
    start = round(max(cue.start, begin), 3)
    stop = round(cue.end if end is None else min(cue.end, end), 3)
    return replace(cue, start=start, end=stop) if stop - start >= SHORTEST else None


def _without_overlap(ordered: Sequence[Cue]) -> tuple[Cue, ...]:
    kept: list[Cue] = []
    for cue in ordered:
        if kept and kept[-1].end > cue.start:
            before = kept.pop()
            if cue.start - before.start >= SHORTEST:
                kept.append(replace(before, end=cue.start))
            else:
                # Two cues that start together are shown together, so they are one.
                cue = Cue(f"{before.text} {cue.text}", before.start, max(before.end, cue.end))
        kept.append(cue)
    return tuple(kept)
