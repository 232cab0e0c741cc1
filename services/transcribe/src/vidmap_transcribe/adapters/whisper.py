"""faster-whisper: one model whose weights all threads share, one thread a window.

Two threads on two windows are 1.5 to 1.8 times as fast as two threads on one (measured), so a call uses one.
"""

import asyncio
import io
import os
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av.error

from vidmap_transcribe.domain.cues import Cue
from vidmap_transcribe.errors import LanguageNotSupportedError, SpeechModelError, UnreadableRecordingError

_FILES = ("config.json", "model.bin", "tokenizer.json")
_HUB_ID = re.compile(r"[\w-][\w.-]*(/[\w.-]+)?")


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """Where a model is.

    Args:
        location: a directory with a CTranslate2 model, or a hub id such as `Systran/faster-whisper-small`.
        is_hub_id: whether it is fetched from the hub, which then keeps it in its own cache.
    """

    location: str
    is_hub_id: bool = False

    @property
    def name(self) -> str:
        """The directory's or the model's name."""
        return self.location if self.is_hub_id else Path(self.location).name

    @property
    def is_english_only(self) -> bool:
        """Whether the name says so, as Whisper's names do; a model that hides it is asked when it is loaded."""
        return self.name.endswith(".en")


def find_model(named: str | None, models: Path) -> SpeechModel:
    """The model that a setting names.

    Args:
        named: a directory or a hub id; None for the one that `vidmap models` installs.
        models: where `vidmap models` keeps its files.
    """
    if named is None:
        return SpeechModel(str(models / "speech" / "tiny.en"))
    path = Path(named).expanduser()
    is_path = path.is_dir() or path.is_absolute() or not _HUB_ID.fullmatch(named)
    return SpeechModel(str(path)) if is_path else SpeechModel(named, is_hub_id=True)


class Whisper:
    """A loaded model.

    Args:
        model: where it is.
        workers: how many windows may be recognised at once.

    Raises:
        SpeechModelError: it is not there, or cannot be loaded.
    """

    def __init__(self, model: SpeechModel, workers: int) -> None:
        self._model = model
        self._whisper = _load(model, workers)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="speech")

    @property
    def name(self) -> str:
        """See `Recogniser`."""
        return self._model.name

    def check(self, language: str) -> None:
        """See `Recogniser`."""
        if _base(language) not in self._whisper.supported_languages:
            raise LanguageNotSupportedError(language)

    async def recognise(self, audio: bytes, language: str) -> tuple[Cue, ...]:
        """See `Recogniser`."""
        stopped = threading.Event()
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, self.listen, audio, language, stopped.is_set)
        finally:
            stopped.set()

    def listen(self, audio: bytes, language: str, stopped: Callable[[], bool] = lambda: False) -> tuple[Cue, ...]:
        """The same, in the caller's thread.

        Args:
            audio: a whole file in a container that PyAV reads.
            language: BCP 47.
            stopped: asked after each segment; when it says so, the rest is left out.
        """
        self.check(language)
        cues: list[Cue] = []
        try:
            # Without the voice filter silence is heard as "you"; conditioned on the text before, it repeats itself.
            segments, _ = self._whisper.transcribe(
                io.BytesIO(audio), language=_base(language), vad_filter=True, condition_on_previous_text=False
            )
            for segment in segments:
                if stopped():
                    break
                cues.append(Cue(segment.text, segment.start, segment.end))
        except (av.error.FFmpegError, IndexError) as error:
            raise UnreadableRecordingError("A part of the recording cannot be decoded.") from error
        return tuple(cues)

    async def aclose(self) -> None:
        """Let go of the threads; those that are at work end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _base(language: str) -> str:
    return language.split("-", 1)[0].lower()


def _load(model: SpeechModel, workers: int) -> Any:
    _check_files(model)
    if not model.is_hub_id:
        # Read when its library is imported, so the import waits for it. Nothing is fetched behind the user's back.
        os.environ["HF_HUB_OFFLINE"] = "1"
    from faster_whisper import WhisperModel

    try:
        return WhisperModel(model.location, device="cpu", compute_type="int8", cpu_threads=1, num_workers=workers)
    except Exception as error:
        raise SpeechModelError(f"The speech model {model.location} cannot be loaded: {error}") from error


def _check_files(model: SpeechModel) -> None:
    missing = [name for name in _FILES if not (Path(model.location) / name).is_file()]
    if missing and not model.is_hub_id:
        raise SpeechModelError(
            f"The speech model is not complete at {model.location} ({', '.join(missing)} missing). "
            "Run `vidmap models` to install it, or set SPEECH_MODEL to another directory or to a hub id."
        )
