"""Notices a run of dead letters: then something is wrong with the stage or its topic, not with single records."""

from vidmap_chassis.errors import NeedsOperatorError, PermanentError


class StoppedError(Exception):
    """The stage has buried too many records in a row and buries no more: their offsets stay open."""


class DeadLetterLimit:
    """Counts burials in a row that no stage foresaw; a record that was handled ends the row.

    A stage that decides on a record (a private video, say) says nothing about the stage, however many come in a row.

    Args:
        limit: how many in a row are buried.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._in_a_row = 0
        self._last = ""

    def handled(self) -> None:
        """A record was handled."""
        self._in_a_row = 0

    def allow(self, error: BaseException, code: str) -> None:
        """To be asked before a record is buried.

        Raises:
            StoppedError: too many were buried in a row.
        """
        if self.reached and _is_unforeseen(error, code):
            raise StoppedError(self.state)

    def buried(self, error: BaseException, code: str) -> None:
        """The broker has taken a dead letter."""
        if _is_unforeseen(error, code):
            self._in_a_row += 1
            self._last = code

    @property
    def reached(self) -> bool:
        """Whether the stage stands still."""
        return self._in_a_row >= self._limit

    @property
    def state(self) -> str:
        """What health says."""
        return (
            f"stopped: {self._in_a_row} dead letters in a row, the last with the code {self._last}. "
            "Mend the cause and restart; no record is lost."
        )

    async def check(self) -> None:
        """Readiness: raise while the limit is reached."""
        if self.reached:
            raise StoppedError(self.state)


def _is_unforeseen(error: BaseException, code: str) -> bool:
    return code == "undecodable" or not isinstance(error, PermanentError | NeedsOperatorError)
