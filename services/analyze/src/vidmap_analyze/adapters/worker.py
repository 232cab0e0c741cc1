"""What runs inside a worker process: the analysis, with its models loaded once."""

import multiprocessing
import os
import signal
import threading
from functools import cache
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from vidmap_analyze.adapters.instruments import load_instruments
from vidmap_analyze.domain.instruments import Instruments
from vidmap_analyze.domain.material import Material, Outline
from vidmap_analyze.domain.outline import outline

UNWANTED = -1
"""In place of the process id: the process was given up before it ran."""


def begin(pid: "Synchronized[int]") -> None:
    """Make the process ready: tell its id, and end when its parent ends.

    Signals to the whole group (Ctrl-C) are for the parent, which first finishes what is in work.
    """
    with pid.get_lock():
        if pid.value == UNWANTED:
            os._exit(1)
        pid.value = os.getpid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def prepare(model: Path) -> None:
    """Load the models.

    Raises:
        EncoderError: the embedding model is missing or broken.
    """
    _instruments(model)


def work(model: Path, material: Material) -> Outline:
    """Analyse one transcript.

    Raises:
        EncoderError: the embedding model is missing or broken.
    """
    return outline(material, _instruments(model))


@cache
def _instruments(model: Path) -> Instruments:
    instruments = load_instruments(model)
    instruments.noun_phrases([])
    return instruments
