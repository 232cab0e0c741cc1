"""`python -m vidmap_analyze TRANSCRIPT.json`: the topics of a transcript without a broker or a database.

The same analysis as the service. Where the embedding model is not installed it goes by words alone, and says so.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

from pydantic import BaseModel, Field, ValidationError

from vidmap_analyze.adapters.instruments import load_instruments
from vidmap_analyze.domain.instruments import Instruments
from vidmap_analyze.domain.material import Line, Mark, Material, Stretch
from vidmap_analyze.domain.outline import outline
from vidmap_analyze.settings import default_model
from vidmap_encoder import EncoderError

_BAD_INPUT = 2
_Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Segment(BaseModel):
    text: str
    start: _Seconds | None = None
    end: _Seconds | None = None


class _Chapter(BaseModel):
    title: str
    start: _Seconds


class _Transcript(BaseModel):
    segments: list[_Segment]
    language: str | None = None
    chapters: list[_Chapter] = []


class _InputError(Exception):
    """The input cannot be used; the message is a sentence for the user."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One sentence, without the usage above it."""
        sys.stderr.write(f"{self.prog}: {message}.\n")
        raise SystemExit(_BAD_INPUT)


def main(arguments: Sequence[str]) -> int:
    """Print the topics of a transcript file to stdout as JSON; returns the exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        material = read(parsed.transcript, parsed.language, parsed.branches, parsed.leaves)
        found = outline(material, _instruments())
        if not found.stretches:
            raise _InputError(f"There are no spoken words in {parsed.transcript}.")
    except _InputError as error:
        sys.stderr.write(f"{error}\n")
        return _BAD_INPUT
    result = {"summary": found.summary, "topics": [_as_json(stretch) for stretch in found.stretches]}
    sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=2) + "\n")
    return 0


def read(path: Path, language: str | None, branches: int | None, leaves: int | None) -> Material:
    """Read a transcript: `{"segments": [{"text", "start"?, "end"?}, …], "language"?, "chapters"?}`, or a bare list.

    Raises:
        _InputError: the file cannot be read, or holds something else.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise _InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _InputError(f"{path} is not JSON ({error}).") from error
    transcript = _validated(path, document)
    return Material(
        lines=tuple(Line(segment.text, segment.start, segment.end) for segment in transcript.segments),
        language=language or transcript.language,
        marks=tuple(Mark(chapter.title, chapter.start) for chapter in transcript.chapters),
        branches=branches,
        leaves=leaves,
    )


def _validated(path: Path, document: object) -> _Transcript:
    wrapped = {"segments": document} if isinstance(document, list) else document
    try:
        return _Transcript.model_validate(wrapped)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise _InputError(f"{path} is no transcript ({where}: {first['msg']}).") from error


def _instruments() -> Instruments:
    try:
        return load_instruments(default_model())
    except EncoderError as error:
        sys.stderr.write(f"Going by words alone. {error}\n")
        return load_instruments(None)


def _as_json(stretch: Stretch) -> dict[str, object]:
    return {
        "label": stretch.label,
        "summary": stretch.summary,
        "first_segment": stretch.first,
        "last_segment": stretch.last,
        "start": stretch.start,
        "end": stretch.end,
        "topics": [_as_json(part) for part in stretch.parts],
    }


def _positive(value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"{value} is not a whole number above 0")
    return int(value)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m vidmap_analyze",
        description="Print the topics of a transcript as JSON. Without arguments, run the analyze service.",
    )
    parser.add_argument("transcript", type=Path, metavar="TRANSCRIPT.json", help="segments with text, start and end")
    parser.add_argument("--branches", type=_positive, metavar="K", help="number of first-level topics")
    parser.add_argument("--leaves", type=_positive, metavar="K", help="number of all second-level topics")
    parser.add_argument("--language", metavar="TAG", help="language of the transcript as BCP 47, such as en or pt-BR")
    return parser
