"""Sound: encoded at the first request with PyAV, or read from a file that is shipped."""

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import numpy as np

_RATE = 44_100
_FRAME = 1024
_SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class Media:
    """An audio file as YouTube offers it."""

    body: bytes
    duration: float
    """Seconds."""
    itag: int
    mime_type: str
    codec: str


@cache
def noise_media() -> Media:
    """A minute of noise: large enough to be cut off half-way."""
    return _m4a(_noise(60.0, level=0.2))


@cache
def silence_media() -> Media:
    """Twelve seconds without speech: silence, faint noise, silence."""
    silence = np.zeros(4 * _RATE, dtype=np.float32)
    return _m4a(np.concatenate([silence, _noise(4.0, level=0.01), silence]))


@cache
def silent_media() -> Media:
    """A few seconds of silence."""
    return _m4a(np.zeros(5 * _RATE, dtype=np.float32))


@cache
def webm_media(path: Path) -> Media:
    """A shipped Opus file in WebM."""
    with av.open(str(path)) as container:
        duration = (container.duration or 0) / 1_000_000
    return Media(path.read_bytes(), duration, 251, "audio/webm", "opus")


def _noise(seconds: float, *, level: float) -> np.ndarray:
    generator = np.random.default_rng(_SEED)
    return (generator.standard_normal(round(seconds * _RATE)) * level).astype(np.float32)


def _m4a(samples: np.ndarray) -> Media:
    """Mono AAC in MP4.

    Args:
        samples: shape (n,), float32, -1 to 1.
    """
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=_RATE, layout="mono", bit_rate=64_000)
        for start in range(0, len(samples), _FRAME):
            frame = av.AudioFrame.from_ndarray(
                samples[np.newaxis, start : start + _FRAME], format="fltp", layout="mono"
            )
            frame.sample_rate = _RATE
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return Media(buffer.getvalue(), len(samples) / _RATE, 140, "audio/mp4", "mp4a.40.2")
