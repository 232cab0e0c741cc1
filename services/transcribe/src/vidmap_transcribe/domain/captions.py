"""Caption documents: json3 and WebVTT become the same cues.

Automatic captions roll: each line is shown two or three times while the next one is written below it.
In json3 those repeats are events with `aAppend`; in WebVTT every cue repeats the last line of the one before.
"""

import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, cast

from vidmap_transcribe.domain.cues import Cue, arranged, plain

CaptionKind = Literal["manual", "automatic"]
CaptionFormat = Literal["json3", "vtt"]

_MAX_MS = 10**9
"""Eleven days: times beyond it are broken."""
_ADJOINING_S = 0.15
"""A rolling cue starts where the one before ends; YouTube's times are off by up to two frames."""
_ROLLING_SHARE = 0.5
"""A document rolls where at least this share of its adjoining cues repeat lines: people do say the same thing twice."""

_TAG = re.compile(r"<[^<>]*>")
_CLOCK = r"(?:(\d{1,5}):)?(\d{1,2}):(\d{1,2})[.,](\d{3})"
_TIMES = re.compile(rf"^[ \t]*{_CLOCK}[ \t]*-->[ \t]*{_CLOCK}", re.ASCII)
_SOUND = re.compile(r"\[\s*(?:music|applause|laughter|cheering|silence|__)\s*\]|[♪♫]+", re.IGNORECASE)
_SPEAKER = re.compile(r"^\s*>>+\s*")


class CaptionsError(ValueError):
    """The document is no caption document of its format; says why."""


@dataclass(frozen=True, slots=True)
class CaptionDocument:
    """A caption track as it was fetched."""

    language: str
    """BCP 47, as the source names it."""
    kind: CaptionKind
    format: CaptionFormat
    body: bytes


@dataclass(frozen=True, slots=True)
class _Lines:
    lines: tuple[str, ...]
    start: float
    end: float

    @property
    def text(self) -> str:
        return " ".join(self.lines)


def read_captions(document: CaptionDocument, *, duration: float | None = None) -> tuple[Cue, ...]:
    """The words of a caption document.

    Args:
        document: the track.
        duration: seconds of the recording, where it is known; later words are cut off.

    Returns:
        Cues in order, without overlap and without rolling repeats; none where the track holds no words.

    Raises:
        CaptionsError: the body is not a document of its format.
    """
    text = _decoded(document.body)
    shown = _json3(text) if document.format == "json3" else _vtt(text)
    return arranged(_unrolled(shown), end=duration)


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CaptionsError("the captions are not UTF-8") from error


def _json3(text: str) -> list[_Lines]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CaptionsError("the captions are not JSON") from error
    events = document.get("events", []) if isinstance(document, dict) else None
    if not isinstance(events, list):
        raise CaptionsError("the captions are JSON, but not json3")
    shown = [_event(event) for event in events if isinstance(event, dict)]
    return [lines for lines in shown if lines is not None]


def _event(event: Mapping[str, Any]) -> _Lines | None:
    segments = event.get("segs")
    if not isinstance(segments, list) or event.get("aAppend"):
        return None
    parts = (part.get("utf8") for part in segments if isinstance(part, dict))
    lines = _cleaned("".join(part for part in parts if isinstance(part, str)).split("\n"))
    start, length = _milliseconds(event.get("tStartMs", 0)), _milliseconds(event.get("dDurationMs", 0))
    return _Lines(lines, start / 1000, (start + length) / 1000) if lines else None


def _milliseconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_MS:
        raise CaptionsError("the captions hold a time that is no number of milliseconds")
    return value


def _vtt(text: str) -> list[_Lines]:
    if not text.startswith("WEBVTT"):
        raise CaptionsError("the captions are not WebVTT")
    cues: list[tuple[float, float, list[str]]] = []
    for line in text.splitlines():
        if times := _TIMES.match(line):
            cues.append((_seconds(times.groups()[:4]), _seconds(times.groups()[4:]), []))
        elif cues:
            cues[-1][2].append(line)
    shown = (_Lines(_cleaned(_TAG.sub("", line) for line in _payload(lines)), start, end) for start, end, lines in cues)
    return [cue for cue in shown if cue.lines]


def _payload(lines: Sequence[str]) -> list[str]:
    """What follows the times up to the first empty line: identifiers, notes and styles come after it."""
    length = next((index for index, line in enumerate(lines) if line == ""), len(lines))
    return list(lines[:length])


def _seconds(groups: Sequence[str | None]) -> float:
    hours, minutes, seconds, milliseconds = (int(group or 0) for group in groups)
    return (hours * 3600 + minutes * 60 + seconds) + milliseconds / 1000


def _cleaned(lines: Iterable[str]) -> tuple[str, ...]:
    bare = (_SOUND.sub(" ", html.unescape(line)) for line in lines)
    texts = (plain(_SPEAKER.sub("", line)) for line in bare)
    return tuple(text for text in texts if text)


def _unrolled(shown: Sequence[_Lines]) -> list[Cue]:
    """Each line once, from when it appears to when the next does."""
    ordered = sorted(shown, key=lambda cue: (cue.start, cue.end))
    if not _rolls(ordered):
        return [Cue(cue.text, cue.start, cue.end) for cue in ordered]
    cues: list[Cue] = []
    before = _Lines((), 0.0, float("-inf"))
    for cue in ordered:
        fresh = _fresh(before, cue) if _adjoin(before, cue) else cue.text
        if fresh:
            cues.append(Cue(fresh, cue.start, cue.end))
        else:
            cues[-1] = Cue(cues[-1].text, cues[-1].start, max(cues[-1].end, cue.end))
        before = cue
    return cues


def _rolls(cues: Sequence[_Lines]) -> bool:
    adjoining = [(before, cue) for before, cue in pairwise(cues) if _adjoin(before, cue)]
    repeats = sum(_fresh(before, cue) != cue.text for before, cue in adjoining)
    return repeats > 0 and repeats >= _ROLLING_SHARE * len(adjoining)


def _adjoin(before: _Lines, cue: _Lines) -> bool:
    return cue.start - before.end <= _ADJOINING_S


def _fresh(before: _Lines, cue: _Lines) -> str:
    """What `cue` adds to what `before` showed."""
    for count in range(min(len(before.lines), len(cue.lines)), 0, -1):
        if before.lines[-count:] == cue.lines[:count]:
            return " ".join(cue.lines[count:])
    shown, now = before.text.split(), cue.text.split()
    for count in range(min(len(shown), len(now)), 0, -1):
        # One word alone is chance, unless it was all that was shown.
        if shown[-count:] == now[:count] and (count > 1 or count == len(shown)):
            return " ".join(now[count:])
    return cue.text


def source_of(kind: CaptionKind) -> Literal["captions_manual", "captions_automatic"]:
    """The transcript source that a track of this kind is."""
    return cast(Literal["captions_manual", "captions_automatic"], f"captions_{kind}")
