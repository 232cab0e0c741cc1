"""`python -m vidmap_transcribe FILE`: a transcript without a broker or a database.

The same windows and the same recognition as the service. Windows are cut while others are recognised, and only as many
are in memory as there are threads.
"""

import argparse
import json
import sys
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from vidmap_chassis.errors import VidmapError
from vidmap_chassis.settings import models_dir
from vidmap_transcribe.adapters.audio import cut, length
from vidmap_transcribe.adapters.whisper import Whisper, find_model
from vidmap_transcribe.domain.cues import Cue, arranged, in_recording
from vidmap_transcribe.domain.windows import AudioWindow
from vidmap_transcribe.errors import SpeechModelError
from vidmap_transcribe.settings import SpeechModelSettings, usable_cores

_BAD_INPUT = 2
_BAR = 30


def main(arguments: Sequence[str]) -> int:
    """Transcribe a file to stdout; returns the exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        transcript = transcribe(parsed.file, language=parsed.language, model=parsed.model)
    except (VidmapError, SpeechModelError) as error:
        sys.stderr.write(f"{error.message if isinstance(error, VidmapError) else error}\n")
        return _BAD_INPUT
    if not transcript["segments"]:
        sys.stderr.write(f"No speech was found in {parsed.file}.\n")
    json.dump(transcript, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
    return 0


def transcribe(recording: Path, *, language: str = "en", model: str | None = None) -> dict[str, object]:
    """The transcript of a file as JSON says it: `language`, `source`, `duration` and `segments`.

    Args:
        recording: any audio or video file that PyAV reads.
        language: BCP 47.
        model: directory or hub id; None for SPEECH_MODEL, or what `vidmap models` installs.

    Raises:
        UnreadableRecordingError: there is no sound in the file.
        LanguageNotSupportedError: the model does not know the language.
        SpeechModelError: the model is not there.
    """
    total = length(recording)
    workers = usable_cores()
    whisper = Whisper(find_model(model or SpeechModelSettings().model, models_dir()), workers)
    whisper.check(language)
    cues: list[Cue] = []
    end = 0.0
    with closing(_recognised(cut(recording), whisper, language, workers)) as recognised:
        for window, heard in recognised:
            cues.extend(in_recording(heard, window.offset, window.duration))
            end = window.offset + window.duration
            _show_progress(end, max(total, end))
    segments = [asdict(cue) for cue in arranged(cues, end=end)]
    return {"language": language, "source": "whisper", "duration": round(end, 3), "segments": segments}


def _recognised(
    windows: Generator[AudioWindow], whisper: Whisper, language: str, workers: int
) -> Generator[tuple[AudioWindow, tuple[Cue, ...]]]:
    """Windows with their words, in order; one more window than there are threads waits."""
    waiting: deque[tuple[AudioWindow, Future[tuple[Cue, ...]]]] = deque()
    threads = ThreadPoolExecutor(workers, thread_name_prefix="speech")
    try:
        for window in windows:
            waiting.append((window, threads.submit(whisper.listen, window.body, language)))
            if len(waiting) > workers:
                yield _finished(waiting)
        while waiting:
            yield _finished(waiting)
    finally:
        # Not `with`: Ctrl-C must not wait for the windows in work.
        threads.shutdown(wait=False, cancel_futures=True)
        windows.close()


def _finished(
    waiting: deque[tuple[AudioWindow, Future[tuple[Cue, ...]]]],
) -> tuple[AudioWindow, tuple[Cue, ...]]:
    window, future = waiting.popleft()
    return window, future.result()


def _show_progress(done: float, total: float) -> None:
    if not sys.stderr.isatty():
        return
    part = done / total if total else 1.0
    bar = "#" * round(_BAR * part)
    ending = "\n" if done >= total else ""
    sys.stderr.write(f"\r[{bar:<{_BAR}}] {part:4.0%} of {total / 60:.1f} minutes{ending}")
    sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m vidmap_transcribe",
        description="Print the transcript of an audio or video file as JSON. Without FILE, run the transcribe service.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="any audio or video file")
    parser.add_argument("--language", default="en", help="spoken language, such as en or pt-BR (default: %(default)s)")
    parser.add_argument("--model", help="directory or hub id of a speech model (default: SPEECH_MODEL)")
    return parser
