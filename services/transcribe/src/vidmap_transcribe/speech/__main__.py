"""`python -m vidmap_transcribe.speech`: the speech worker."""

import sys

from vidmap_chassis.stage import run
from vidmap_transcribe.errors import SpeechModelError
from vidmap_transcribe.settings import SpeechSettings
from vidmap_transcribe.speech.app import create_app


def main() -> None:
    """Run the worker; without its model it stops at once and says what to do."""
    try:
        app = create_app(SpeechSettings())
    except SpeechModelError as error:
        sys.exit(str(error))
    run(app)


if __name__ == "__main__":
    main()
