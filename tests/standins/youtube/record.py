"""Makes the recording of the spoken talk again: `python -m tests.standins.youtube.record` (needs Debian's flite)."""

import subprocess
import tempfile
import wave
from pathlib import Path

import av
import numpy as np
from tests.standins.youtube.talks import TIDES

_VOICE = "slt"
# The voice is hasty; stretched it is easier to follow, for people and for speech recognition.
_STRETCH = 1.35
_PAUSE_S = 1.2
_BIT_RATE = 26_000
_OPUS_RATE = 48_000


def main() -> None:
    """Speak every section, with pauses between them, and write Opus in WebM next to the script."""
    with tempfile.TemporaryDirectory() as directory:
        spoken = [_speak(section.text, Path(directory) / "section.wav") for section in TIDES.sections]
    rate = spoken[0][1]
    pause = np.zeros(round(_PAUSE_S * rate), dtype=np.int16)
    _encode(np.concatenate([part for samples, _ in spoken for part in (samples, pause)]), rate, TIDES.audio)


def _speak(text: str, target: Path) -> tuple[np.ndarray, int]:
    """Samples of shape (n,), int16, and their rate."""
    stretch = f"duration_stretch={_STRETCH}"
    # From a file flite pauses after every sentence, from the command line it does not.
    script = target.with_suffix(".txt")
    script.write_text(text)
    subprocess.run(["flite", "-voice", _VOICE, "--setf", stretch, "-f", str(script), "-o", str(target)], check=True)
    with wave.open(str(target)) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), np.int16), sound.getframerate()


def _encode(samples: np.ndarray, rate: int, target: Path) -> None:
    frame = av.AudioFrame.from_ndarray(samples[np.newaxis, :], format="s16", layout="mono")
    frame.sample_rate = rate
    resampler = av.AudioResampler("flt", "mono", _OPUS_RATE, frame_size=960)
    with av.open(str(target), "w", format="webm") as container:
        stream = container.add_stream("libopus", rate=_OPUS_RATE, layout="mono", bit_rate=_BIT_RATE)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    main()
