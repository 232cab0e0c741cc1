"""What can be wrong with an encoder's files."""

from pathlib import Path
from typing import Self


class EncoderError(Exception):
    """The encoder cannot be loaded; the message is a sentence that says what to do."""

    @classmethod
    def missing(cls, file: Path) -> Self:
        """The directory, or the model in it, is not there."""
        return cls(f"The embedding model {file} is missing: run `vidmap models` to install it.")

    @classmethod
    def unreadable(cls, directory: Path, part: str, error: Exception) -> Self:
        """A file is there and cannot be used."""
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        return cls(f"The {part} in {directory} cannot be read ({reason}): run `vidmap models` to install it again.")
