"""What goes into an analysis and what comes out, in the domain's own shapes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One segment of the transcript; times are seconds, None where they are not known."""

    text: str
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """The title and start, in seconds, of a chapter that the uploader set."""

    title: str
    start: float


@dataclass(frozen=True, slots=True)
class Material:
    """A transcript and what is asked of it."""

    lines: tuple[Line, ...]
    language: str | None = None
    """BCP 47; None where nobody said."""
    marks: tuple[Mark, ...] = ()
    branches: int | None = None
    """Exact number of first-level topics; None to choose."""
    leaves: int | None = None
    """Exact number of second-level topics; None to choose."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A topic: lines `first` to `last`, inclusive."""

    label: str
    summary: str
    first: int
    last: int
    start: float | None
    end: float | None
    parts: tuple["Stretch", ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """The topics of a transcript in order, and a sentence for the whole; no topics where nobody speaks."""

    summary: str = ""
    stretches: tuple[Stretch, ...] = ()
