"""What a failed call means: a table from yt-dlp's words to an error that is a decision.

YouTube's sentences change, so they are matched loosely; what nobody knows yet is `unplayable`, with YouTube's own
reason in the message. The order matters: the first row that matches decides.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from vidmap_chassis.errors import NeedsOperatorError, PermanentError, RateLimitedError, TransientError, VidmapError
from vidmap_youtube.report import ErrorReport


class Kind(Enum):
    """What happens next."""

    PERMANENT = auto()
    TRANSIENT = auto()
    RATE_LIMITED = auto()
    OPERATOR = auto()


@dataclass(frozen=True, slots=True)
class Decision:
    """A code, and what follows from it."""

    code: str
    kind: Kind
    message: str
    """For the user: what happened, and what to do."""
    action: str = ""
    """For the operator, where `kind` is OPERATOR."""
    retry_after: float = 0.0
    """Seconds, where `kind` is RATE_LIMITED."""

    def error(self, report: ErrorReport) -> VidmapError:
        """The error to raise; what yt-dlp said travels as a note, into the log."""
        message = self.message.format(reason=report.reason.strip().rstrip("."))
        error = self._error(message)
        error.add_note("\n".join([report.reason, *report.warnings]))
        return error

    def _error(self, message: str) -> VidmapError:
        match self.kind:
            case Kind.PERMANENT:
                return PermanentError(self.code, message)
            case Kind.TRANSIENT:
                return TransientError(self.code, message)
            case Kind.RATE_LIMITED:
                return RateLimitedError(self.code, message, self.retry_after)
            case Kind.OPERATOR:
                return NeedsOperatorError(self.code, message, self.action)


_COOKIES_OR_PROXY = (
    "Set YTDLP_COOKIES_FILE to the cookies of a signed-in account, or YTDLP_PROXY to a proxy whose address YouTube "
    "trusts, restart the service, then redrive the dead letter."
)
_LATER = "The job will be tried again."

PRIVATE = Decision(
    "private",
    Kind.PERMANENT,
    "This video is private. Ask its owner to make it public or unlisted, then submit it again.",
)
REMOVED = Decision(
    "removed",
    Kind.PERMANENT,
    "This video was removed from YouTube, or its account was closed. Submit another video.",
)
UNAVAILABLE = Decision(
    "unavailable",
    Kind.PERMANENT,
    "YouTube says that this video is unavailable. Check the link, then submit it again.",
)
COPYRIGHT = Decision(
    "copyright",
    Kind.PERMANENT,
    "This video is blocked on copyright grounds. Submit another video.",
)
AGE_RESTRICTED = Decision(
    "age_restricted",
    Kind.PERMANENT,
    "This video is age-restricted and needs a signed-in account. Ask the operator to set YTDLP_COOKIES_FILE, "
    "or submit another video.",
)
MEMBERS_ONLY = Decision(
    "members_only",
    Kind.PERMANENT,
    "This video is only for members of its channel. Submit one that everybody can watch.",
)
PAYMENT_REQUIRED = Decision(
    "payment_required",
    Kind.PERMANENT,
    "This video has to be paid for. Submit one that everybody can watch.",
)
REGION_BLOCKED = Decision(
    "region_blocked",
    Kind.PERMANENT,
    "This video is not available in the country of this server. Ask the operator for a proxy in another country "
    "(YTDLP_PROXY), or submit another video.",
)
DRM = Decision(
    "drm",
    Kind.PERMANENT,
    "This video is protected by DRM and cannot be read. Submit another video.",
)
LIVE_NOW = Decision(
    "live_now",
    Kind.PERMANENT,
    "The stream is still live. Submit it again when the recording is available.",
)
LIVE_UPCOMING = Decision(
    "live_upcoming",
    Kind.PERMANENT,
    "The stream or premiere has not begun. Submit it again when the recording is available.",
)
PROCESSING = Decision(
    "processing",
    Kind.PERMANENT,
    "YouTube is still preparing this recording. Submit it again when it can be watched.",
)
FORMAT_UNAVAILABLE = Decision(
    "format_unavailable",
    Kind.PERMANENT,
    "This video has no audio that can be downloaded. Submit another video.",
)
UNPLAYABLE = Decision(
    "unplayable",
    Kind.PERMANENT,
    "YouTube does not play this video: {reason}. Watch it in a browser to see why, then submit it again.",
)
INVALID_VIDEO_ID = Decision(
    "invalid_video_id",
    Kind.PERMANENT,
    "This is not the id of a YouTube video. Check the link, then submit it again.",
)
BOT_CHECK = Decision(
    "bot_check",
    Kind.OPERATOR,
    "YouTube asks this server to prove that it is not a bot. The operator has been told what to do; the job goes on "
    "after that.",
    action=_COOKIES_OR_PROXY,
)
COOKIES_UNREADABLE = Decision(
    "cookies_unreadable",
    Kind.OPERATOR,
    "The cookies for YouTube cannot be read. The operator has been told what to do; the job goes on after that.",
    action="Make YTDLP_COOKIES_FILE name a readable cookies.txt in Netscape format, then redrive the dead letter.",
)
RATE_LIMITED = Decision(
    "rate_limited",
    Kind.RATE_LIMITED,
    "YouTube asks this server to slow down. The job waits and is then tried again.",
    retry_after=900.0,
)
CAPTIONS_RATE_LIMITED = Decision(
    "captions_rate_limited",
    Kind.RATE_LIMITED,
    "YouTube asks this server to fetch fewer captions. The job waits and is then tried again.",
    retry_after=300.0,
)
BLOCKED_IP = Decision(
    "blocked_ip",
    Kind.RATE_LIMITED,
    "YouTube is refusing the address of this server. The job waits and is then tried again; if this stays, the "
    "operator should set YTDLP_PROXY.",
    retry_after=900.0,
)
MEDIA_FORBIDDEN = Decision("media_403", Kind.TRANSIENT, f"YouTube refused the audio of this video. {_LATER}")
MEDIA_UNAVAILABLE = Decision("media_unavailable", Kind.TRANSIENT, f"The audio could not be downloaded. {_LATER}")
UPSTREAM = Decision("upstream_5xx", Kind.TRANSIENT, f"YouTube has a problem at the moment. {_LATER}")
TIMEOUT = Decision("timeout", Kind.TRANSIENT, f"YouTube took too long to answer. {_LATER}")
NETWORK = Decision("network", Kind.TRANSIENT, f"YouTube cannot be reached from this server. {_LATER}")
WORKER_DIED = Decision("worker_died", Kind.TRANSIENT, f"The process that talks to YouTube ended too early. {_LATER}")
EXTRACTOR_BROKEN = Decision(
    "extractor_broken",
    Kind.TRANSIENT,
    f"YouTube answered in a way that this version of yt-dlp does not understand. {_LATER} If this stays, the "
    "operator should upgrade yt-dlp.",
)

Row = tuple[str, Decision]

# What YouTube itself says about the video.
REASONS: Sequence[Row] = (
    (r"not a bot|captcha", BOT_CHECK),
    (r"ip is likely being blocked", BLOCKED_IP),
    (r"try again later|rate-limited by youtube", RATE_LIMITED),
    (r"confirm your age|inappropriate for some users|age-restricted", AGE_RESTRICTED),
    (r"private video|video is private", PRIVATE),
    (r"members-only|join this channel", MEMBERS_ONLY),
    (r"premium members|requires payment|rent or buy|purchase", PAYMENT_REQUIRED),
    (r"copyright", COPYRIGHT),
    (r"removed by the uploader|has been removed|account .*terminated", REMOVED),
    (r"in your country|in your location", REGION_BLOCKED),
    (r"drm protected", DRM),
    (r"event will begin|premieres in|premiere will begin|^is_upcoming$", LIVE_UPCOMING),
    (r"^is_live$", LIVE_NOW),
    (r"processing this video|recording is not available|^post_live$", PROCESSING),
    (r"requested format is not available", FORMAT_UNAVAILABLE),
    (r"cookies file|cookie file", COOKIES_UNREADABLE),
    (r"no suitable extractor|incomplete youtube id|unsupported url", INVALID_VIDEO_ID),
)
# What yt-dlp logged before it found no formats: the player API's failures show up only here.
WARNINGS: Sequence[Row] = (
    (r"http error 429|too many requests", RATE_LIMITED),
    (r"skipping player responses", BLOCKED_IP),
    (r"http error 403", BLOCKED_IP),
    (r"http error 5\d\d", UPSTREAM),
    (r"timed? ?out", TIMEOUT),
    (r"captcha", BOT_CHECK),
    (r"unable to connect|connection|resolve|certificate|proxy", NETWORK),
)
# The class of any exception in the chain.
EXCEPTIONS: Sequence[Row] = (
    (r"GeoRestrictedError", REGION_BLOCKED),
    (r"ProxyError|TransportError|SSLError|CertificateVerifyError|IncompleteRead", NETWORK),
    (r"CookieLoadError", COOKIES_UNREADABLE),
    (r"WorkerDied", WORKER_DIED),
)


def decide(report: ErrorReport) -> VidmapError:
    """The error that a report means."""
    return _decision(report).error(report)


def _decision(report: ErrorReport) -> Decision:
    reason = _plain(report.reason)
    return (
        _by_status(report)
        or _first(REASONS, [reason])
        or _first(EXCEPTIONS, [link.name for link in report.exceptions])
        or (UNAVAILABLE if "video unavailable" in reason or "not available" in reason else None)
        or _by_warning(report)
        or _unknown(report)
    )


def _by_status(report: ErrorReport) -> Decision | None:
    if report.status is None:
        return None
    if report.status == 429:
        return CAPTIONS_RATE_LIMITED if report.during == "captions" else RATE_LIMITED
    if report.status >= 500:
        return UPSTREAM
    if report.during == "download":
        return MEDIA_FORBIDDEN if report.status == 403 else MEDIA_UNAVAILABLE
    return None


def _by_warning(report: ErrorReport) -> Decision | None:
    if any(link.expected for link in report.exceptions):
        return None
    return _first(WARNINGS, [_plain(line) for line in report.warnings])


def _unknown(report: ErrorReport) -> Decision:
    return UNPLAYABLE if any(link.expected for link in report.exceptions) else EXTRACTOR_BROKEN


def _first(rows: Sequence[Row], texts: Sequence[str]) -> Decision | None:
    return next((decision for pattern, decision in rows for text in texts if re.search(pattern, text)), None)


def _plain(text: str) -> str:
    return text.lower().replace("’", "'")
