"""Errors are decisions: the class of an error says what happens to the record that caused it.

    VidmapError
    ├── PermanentError        dead letter at once, the job fails
    ├── NeedsOperatorError    dead letter, the job waits for an operator and a redrive
    └── TransientError        retry with back-off
        ├── RateLimitedError  retry after the time that the other side named
        └── WaitError         retry later, and do not count it as an attempt

Anything else is unexpected, and is retried like a `TransientError`.
"""


class VidmapError(Exception):
    """An error that vidmap knows.

    Args:
        code: stable name, such as `private`; part of the API.
        message: a plain sentence for the user that says what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class PermanentError(VidmapError):
    """Trying again cannot help."""


class NeedsOperatorError(VidmapError):
    """Trying again helps once an operator has done something.

    Args:
        code: stable name.
        message: a plain sentence for the user.
        action: what the operator has to do, in words that can be followed.
    """

    def __init__(self, code: str, message: str, action: str) -> None:
        super().__init__(code, message)
        self.action = action


class TransientError(VidmapError):
    """Trying again later may help."""


class RateLimitedError(TransientError):
    """The other side asks to wait.

    Args:
        code: stable name.
        message: a plain sentence for the user.
        retry_after: seconds to wait at least.
    """

    def __init__(self, code: str, message: str, retry_after: float) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class WaitError(TransientError):
    """Nothing is wrong with the record, but what it needs is away: to wait for that is no attempt.

    Args:
        code: stable name.
        message: a plain sentence for the user.
        retry_after: seconds to wait before looking again.
    """

    def __init__(self, code: str, message: str, retry_after: float = 300.0) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after
