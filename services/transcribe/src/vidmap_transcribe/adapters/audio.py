"""PyAV: a recording is read once, and its packets are copied into small Matroska files, cut at quiet points.

Nothing is re-encoded, and at most one window is in memory. What Matroska cannot hold is made FLAC first.
"""

import asyncio
import contextlib
import io
import itertools
import tempfile
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from vidmap_transcribe.domain.windows import SAMPLE_RATE, AudioWindow, Loudness, WindowRule
from vidmap_transcribe.errors import UnreadableRecordingError

_GAP_S = 0.5
"""Silence that is missing from the file; a window never spans it, since decoders close it up."""
_UNHEARD_S = 0.5
"""Decoders lag behind by some packets: a cut is not looked for in the very last sound."""
_PACKET_S = 0.02
"""What a packet lasts where neither it nor the one before says so."""
_LONGEST_GAP_S = 3600.0
"""A longer one is a broken time, not silence."""
_LIBAV_ERRORS = (av.error.FFmpegError, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class _Piece:
    packet: Any
    start: float
    end: float


class PyAvCutter:
    """Cuts recordings in a thread, one window at a time.

    Args:
        rule: how long a window may be.
    """

    def __init__(self, rule: WindowRule | None = None) -> None:
        self._rule = rule or WindowRule()

    async def windows(self, recording: Path) -> AsyncGenerator[AudioWindow]:
        """See `Cutter`."""
        stopped = threading.Event()
        cutting = cut(recording, self._rule, stopped.is_set)
        try:
            while (window := await asyncio.to_thread(next, cutting, None)) is not None:
                yield window
        finally:
            stopped.set()
            # A thread that is still inside sees `stopped` at its next packet and ends by itself.
            with contextlib.suppress(ValueError):
                cutting.close()


def cut(
    recording: Path, rule: WindowRule | None = None, stopped: Callable[[], bool] = lambda: False
) -> Generator[AudioWindow]:
    """The recording's windows in order, as small Matroska files.

    Args:
        recording: any audio or video file that PyAV reads.
        rule: how long a window may be.
        stopped: asked at each packet; when it says so, the windows end.

    Raises:
        UnreadableRecordingError: there is no sound in the file that can be decoded.
    """
    if can_copy(recording):
        yield from _cut(recording, rule or WindowRule(), stopped)
        return
    with tempfile.TemporaryDirectory(prefix="vidmap-audio-") as scratch:
        yield from _cut(_as_flac(recording, Path(scratch) / "audio.mka", stopped), rule or WindowRule(), stopped)


def _cut(recording: Path, rule: WindowRule, stopped: Callable[[], bool]) -> Generator[AudioWindow]:
    with _opened(recording) as (container, stream):
        loudness, ear = Loudness(), _Ear()
        pieces = itertools.takewhile(lambda _: not stopped(), _pieces(container, stream))
        for window in _runs(_heard(pieces, ear, loudness), loudness, rule):
            yield _window(window, stream)


def length(recording: Path) -> float:
    """Seconds, as the file says; 0 where it does not say.

    Raises:
        UnreadableRecordingError: there is no sound in the file.
    """
    with _opened(recording) as (container, _):
        return (container.duration or 0) / av.time_base


def can_copy(recording: Path) -> bool:
    """Whether the packets can be copied: Matroska knows the codec, and a copied stretch can be decoded by itself.

    Raises:
        UnreadableRecordingError: there is no sound in the file.
    """
    with _opened(recording) as (container, stream):
        try:
            window = _window(list(itertools.islice(_pieces(container, stream), 50)), stream)
            with av.open(io.BytesIO(window.body), "r") as copied:
                return any(frame.samples for frame in copied.decode(audio=0))
        except (*_LIBAV_ERRORS, IndexError):
            return False


def _heard(pieces: Iterator[_Piece], ear: "_Ear", loudness: Loudness) -> Iterator[_Piece]:
    """The same pieces; each is heard before the next one comes."""
    for piece in pieces:
        yield piece
        at: float | None = piece.start
        for samples in ear.samples(piece):
            loudness.add(at, samples)
            at = None


def _runs(pieces: Iterator[_Piece], loudness: Loudness, rule: WindowRule) -> Iterator[list[_Piece]]:
    """The pieces of each window: no longer than the rule says, cut where it is quiet, none across a gap."""
    waiting: list[_Piece] = []
    for piece in pieces:
        if waiting and piece.start - waiting[-1].end > _GAP_S:
            yield waiting
            waiting = []
        if waiting and piece.end - waiting[0].start > rule.longest:
            count = _cut_index(waiting, loudness, rule)
            yield waiting[:count]
            waiting = waiting[count:]
            loudness.forget(waiting[0].start if waiting else piece.start)
        waiting.append(piece)
    if waiting:
        yield waiting


def _cut_index(waiting: Sequence[_Piece], loudness: Loudness, rule: WindowRule) -> int:
    begin, end = waiting[0].start, waiting[-1].end
    at = loudness.quietest(max(begin, end - rule.search), max(begin, end - _UNHEARD_S))
    before = sum((piece.start + piece.end) / 2 < at for piece in waiting)
    return max(1, before)


def _pieces(container: Any, stream: Any) -> Iterator[_Piece]:
    """The packets with their times in seconds, never going back."""
    base = max(0.0, (container.start_time or 0) / av.time_base)
    end, length = 0.0, _PACKET_S
    for packet in _packets(container, stream):
        length = float(packet.duration * packet.time_base) if packet.duration else length
        start = float(packet.pts * packet.time_base) - base if packet.pts is not None else end
        start = start if start > end - _GAP_S else end
        start, end = max(0.0, start), max(end, max(0.0, start) + length)
        yield _Piece(packet, start, end)


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    """What can be read: a file that breaks off gives what was before."""
    with contextlib.suppress(av.error.FFmpegError):
        for packet in container.demux(stream):
            if packet.size:
                yield packet


def _window(pieces: Sequence[_Piece], stream: Any) -> AudioWindow:
    first = pieces[0].start
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as container:
        target = container.add_stream_from_template(stream)
        written = -1
        for piece in pieces:
            packet = piece.packet
            written = max(written + 1, round((piece.start - first) / packet.time_base))
            packet.pts = packet.dts = written
            packet.stream = target
            container.mux(packet)
    return AudioWindow(first, pieces[-1].end - first, buffer.getvalue())


class _Ear:
    """Decodes packets to mono at `SAMPLE_RATE`; broken ones are passed over."""

    def __init__(self) -> None:
        self.heard = False
        self._resampler = _create_resampler()

    def samples(self, piece: _Piece) -> Iterator[NDArray[np.int16]]:
        """The sound of a packet, as far as the decoder gives it out already."""
        with contextlib.suppress(av.error.FFmpegError):
            for frame in piece.packet.decode():
                self.heard = True
                yield from self._resampled(frame)

    def _resampled(self, frame: Any) -> list[NDArray[np.int16]]:
        try:
            parts = self._resampler.resample(frame)
        except ValueError:
            # The sound changed its rate or channels on the way.
            self._resampler = _create_resampler()
            parts = self._resampler.resample(frame)
        return [part.to_ndarray().reshape(-1).astype(np.int16, copy=False) for part in parts]


def _create_resampler() -> AudioResampler:
    return AudioResampler("s16", "mono", SAMPLE_RATE)


def _as_flac(recording: Path, target: Path, stopped: Callable[[], bool]) -> Path:
    """The recording's sound as FLAC in Matroska; what is missing in it becomes silence."""
    with _opened(recording) as (container, stream), av.open(str(target), "w", format="matroska") as out:
        encoder = out.add_stream("flac", rate=SAMPLE_RATE, layout="mono")
        ear, written = _Ear(), 0
        for piece in _pieces(container, stream):
            if stopped():
                break
            for samples in (*_silence(round(piece.start * SAMPLE_RATE) - written), *ear.samples(piece)):
                out.mux(encoder.encode(_frame(samples, written)))
                written += len(samples)
        out.mux(encoder.encode(None))
    if not ear.heard and not stopped():
        raise _unreadable(recording)
    return target


def _silence(missing: int) -> Iterator[NDArray[np.int16]]:
    """Zeros in blocks of a second, where more than a gap is missing and the file's times can be believed."""
    if _GAP_S * SAMPLE_RATE < missing <= _LONGEST_GAP_S * SAMPLE_RATE:
        for begin in range(0, missing, SAMPLE_RATE):
            yield np.zeros(min(SAMPLE_RATE, missing - begin), np.int16)


def _frame(samples: NDArray[np.int16], at: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, at, Fraction(1, SAMPLE_RATE)
    return frame


@contextmanager
def _opened(recording: Path) -> Generator[tuple[Any, Any]]:
    if not recording.is_file():
        raise UnreadableRecordingError(f"There is no file {recording}.")
    try:
        container = av.open(str(recording), metadata_errors="ignore")
    except _LIBAV_ERRORS as error:
        raise _unreadable(recording) from error
    with container:
        if not container.streams.audio:
            raise UnreadableRecordingError(f"{recording} has no sound.")
        yield container, container.streams.audio[0]


def _unreadable(recording: Path) -> UnreadableRecordingError:
    return UnreadableRecordingError(f"{recording} is no audio or video file that can be read.")
