"""What a worker says: requests in, and progress, a result or an error report out, one JSON object a line."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

Action = Literal["extract", "captions", "download"]


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Request(_Line):
    """One call of yt-dlp."""

    action: Action
    video_id: str
    options: dict[str, JsonValue]
    """Of yt-dlp, as `vidmap_youtube.options` makes them."""
    languages: tuple[str, ...] = ()
    """Preferred languages of captions, the best first."""


class ExceptionInfo(_Line):
    """One link in a chain of exceptions."""

    name: str
    """Class name, such as `HTTPError`."""
    message: str
    status: int | None = None
    """HTTP status, where the exception has one."""
    expected: bool | None = None
    """What yt-dlp says: False where it may itself be broken."""


class ErrorReport(_Line):
    """Why a call failed, in yt-dlp's words. `taxonomy` says what it means."""

    exceptions: tuple[ExceptionInfo, ...] = ()
    """The outermost first."""
    warnings: tuple[str, ...] = ()
    """What yt-dlp logged on the way: the player API's HTTP errors show up only here."""
    during: Action = "extract"
    """What the worker was fetching when it failed."""

    @property
    def reason(self) -> str:
        """The outermost message."""
        return self.exceptions[0].message if self.exceptions else ""

    @property
    def status(self) -> int | None:
        """The first HTTP status in the chain."""
        return next((link.status for link in self.exceptions if link.status), None)


class Reply(_Line):
    """One line from the worker; exactly one field is set."""

    progress: float | None = None
    """Share of the download, from 0 to 1."""
    result: JsonValue = None
    error: ErrorReport | None = None
    done: bool = False
    """Set with `result`, which may be null."""
