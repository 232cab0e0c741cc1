"""`python -m vidmap_transcribe`: the service; with a FILE, its transcript on stdout."""

import os
import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

_INTERRUPTED = 130
_GRACE_S = 1.0


def main() -> None:
    """Run the service, or the offline tool where there are arguments."""
    if len(sys.argv) > 1:
        sys.exit(_offline(sys.argv[1:]))
    from vidmap_chassis.stage import run
    from vidmap_transcribe.app import create_app
    from vidmap_transcribe.settings import Settings

    run(create_app(Settings()))


def _offline(arguments: list[str]) -> int:
    signal.signal(signal.SIGINT, _interrupt)
    try:
        from vidmap_transcribe import offline

        return offline.main(arguments)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        sys.stderr.flush()
        # Threads that are at work would hold the interpreter's shutdown.
        os._exit(_INTERRUPTED)


def _interrupt(signum: int, frame: FrameType | None) -> NoReturn:
    """Unwind, so that temporary files go; end all the same where native code swallows the interrupt."""
    deadline = threading.Timer(_GRACE_S, os._exit, (_INTERRUPTED,))
    deadline.daemon = True
    deadline.start()
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
