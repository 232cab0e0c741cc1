"""Rules about videos: which are refused, and how to read durations and chapters. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum

_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_UNIT_SECONDS = (604_800, 86_400, 3_600, 60, 1)
# A time at the begin of a line, then a title: how uploaders mark chapters.
_CHAPTER_LINE = re.compile(r"(?m)^[\s*•(\[-]*((?:\d{1,2}:)?\d{1,2}:\d{2})[)\]]?\s*[-–—:.|]?\s+(\S.*?)\s*$")
# YouTube's own rule: at least three chapters, the first at 0:00, in ascending order.
_FEWEST_CHAPTERS = 3


class Liveness(StrEnum):
    """Whether there is a recording to work on."""

    RECORDED = "recorded"
    LIVE = "live"
    UPCOMING = "upcoming"
    PROCESSING = "processing"
    """The stream is over, the recording is not ready."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A chapter; times in seconds."""

    title: str
    start: float
    end: float


def parse_duration(text: str) -> float:
    """Seconds of an ISO 8601 duration without months and years, such as `PT1H2M3S` or `P1DT2H`.

    Raises:
        ValueError: not such a duration.
    """
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        raise ValueError(f"not a duration: {text!r}")
    return sum(float(value or 0) * unit for value, unit in zip(found.groups(), _UNIT_SECONDS, strict=True))


def parse_chapters(description: str, duration: float | None) -> tuple[Mark, ...]:
    """Chapters from a description, where it has them in the way in which YouTube shows them.

    Args:
        description: of the video.
        duration: of the video in seconds; the last chapter ends there. Without it there are no chapters.
    """
    if not duration:
        return ()
    marks = [(_clock_seconds(time), title) for time, title in _CHAPTER_LINE.findall(description)]
    ends = [*(start for start, _ in marks[1:]), duration]
    chapters = tuple(Mark(title, start, end) for (start, title), end in zip(marks, ends, strict=False))
    in_order = all(mark.start < mark.end for mark in chapters)
    return chapters if len(chapters) >= _FEWEST_CHAPTERS and chapters[0].start == 0 and in_order else ()


def _clock_seconds(text: str) -> float:
    seconds = 0
    for part in text.split(":"):
        seconds = seconds * 60 + int(part)
    return float(seconds)


def is_too_long(duration: float | None, limit: float) -> bool:
    """Whether a video is longer than `limit` seconds; one whose length is unknown is not."""
    return duration is not None and duration > limit


def in_words(seconds: float) -> str:
    """A duration for people: `12 hours`, `1 hour 30 minutes`, `45 seconds`."""
    whole = round(seconds)
    parts = ((whole // 3600, "hour"), (whole // 60 % 60, "minute"), (whole % 60, "second"))
    return " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count) or "0 seconds"
