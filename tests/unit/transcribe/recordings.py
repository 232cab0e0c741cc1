"""Recordings made on the spot: bursts of noise between pauses, in any container and codec that PyAV writes."""

import io
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

RATE = 16_000
FORMATS = {
    "m4a": ("mp4", "aac", 44_100),
    "webm": ("webm", "libopus", 48_000),
    "ogg": ("ogg", "libopus", 48_000),
    "flac": ("flac", "flac", 16_000),
    "wav": ("wav", "pcm_s16le", 16_000),
    "mp3": ("mp3", "libmp3lame", 44_100),
    "aif": ("aiff", "pcm_s16be", 16_000),
    "adpcm": ("wav", "adpcm_ms", 16_000),
    "au": ("au", "pcm_mulaw", 8_000),
}


def sound(seconds: float, pauses: Sequence[tuple[float, float]], seed: int = 0) -> NDArray[np.int16]:
    """Noise with silence in it.

    Args:
        seconds: length.
        pauses: begin and end of each silence in seconds.
        seed: of the noise.

    Returns:
        Mono samples at `RATE`.
    """
    samples = np.random.default_rng(seed).integers(-8000, 8000, int(seconds * RATE)).astype(np.int16)
    for begin, end in pauses:
        samples[int(begin * RATE) : int(end * RATE)] = 0
    return samples


def write(path: Path, samples: NDArray[np.int16], suffix: str | None = None) -> Path:
    """Encode samples as the file's suffix (or `suffix`, a key of `FORMATS`) says."""
    container_format, codec, rate = FORMATS[suffix or path.suffix.removeprefix(".")]
    with av.open(str(path), "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        resampler = av.AudioResampler(stream.codec_context.format.name, "mono", rate)
        for begin in range(0, len(samples), RATE):
            frame = av.AudioFrame.from_ndarray(samples[None, begin : begin + RATE], format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, begin
            for resampled in resampler.resample(frame):
                container.mux(stream.encode(resampled))
        for resampled in resampler.resample(None):
            container.mux(stream.encode(resampled))
        container.mux(stream.encode(None))
    return path


def decoded_length(body: bytes) -> float:
    """Seconds of sound in a file, by decoding it."""
    with av.open(io.BytesIO(body), "r") as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
