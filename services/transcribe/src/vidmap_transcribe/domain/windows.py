"""Windows of a recording, and the quiet points at which they are cut."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Samples a second that loudness is measured on; what the speech model hears."""
BIN_S = 0.1
_BIN = int(SAMPLE_RATE * BIN_S)
_DRIFT_S = 0.25
"""Where a frame's own time and the sum of the samples differ by more, the frame's time counts."""


@dataclass(frozen=True, slots=True)
class WindowRule:
    """How long a window may be, and where its end is looked for."""

    longest: float = 55.0
    """Seconds. Google's inline recognition takes a minute; a crash costs one window."""
    search: float = 15.0
    """Seconds before `longest` in which the quietest point is the cut."""


@dataclass(frozen=True, slots=True)
class AudioWindow:
    """A stretch of a recording as a file of its own."""

    offset: float
    """Seconds from the beginning of the recording."""
    duration: float
    body: bytes


@dataclass(frozen=True, slots=True)
class PlannedWindow:
    """A window whose audio is kept under a key."""

    offset: float
    duration: float
    audio: str


class Loudness:
    """Mean energy of each tenth of a second, for the stretch that is not cut yet."""

    def __init__(self) -> None:
        self._clock = 0.0
        self._sums: dict[int, float] = {}

    def add(self, at: float | None, samples: NDArray[np.int16]) -> None:
        """Take in samples.

        Args:
            at: seconds at which they begin; None to follow on.
            samples: mono at `SAMPLE_RATE`.
        """
        if at is not None and abs(at - self._clock) > _DRIFT_S:
            self._clock = max(at, 0.0)
        first = round(self._clock * SAMPLE_RATE)
        squares = samples.astype(np.float64) ** 2
        bins = (np.arange(first, first + len(squares)) // _BIN).astype(np.int64)
        base = first // _BIN
        for index, total in enumerate(np.bincount(bins - base, weights=squares)):
            self._sums[base + index] = self._sums.get(base + index, 0.0) + float(total)
        self._clock += len(samples) / SAMPLE_RATE

    def quietest(self, earliest: float, latest: float) -> float:
        """Seconds at which the quietest 0.3 s between two times have their middle; what was never heard is quiet.

        Args:
            earliest: seconds.
            latest: seconds, at least 0.3 after `earliest`.
        """
        low, high = math.ceil(earliest / BIN_S), math.floor(latest / BIN_S)
        energies = np.array([self._sums.get(index, 0.0) for index in range(low, max(high, low + 3))])
        smooth = np.convolve(energies, np.ones(3), "valid")
        return (low + int(smooth.argmin()) + 1.5) * BIN_S

    def forget(self, before: float) -> None:
        """Drop what lies before a time: memory must not grow with the recording."""
        edge = math.floor(before / BIN_S)
        self._sums = {index: total for index, total in self._sums.items() if index >= edge}
