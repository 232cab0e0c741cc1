"""Which video id makes YouTube do what. Ids have 11 characters; a behaviour is named by how the id begins."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Playability:
    """Why a video does not play, as the player response says it."""

    status: str
    reason: str
    subreason: str | None = None


_TERMINATED = (
    "This video is no longer available because the YouTube account associated with this video has been terminated."
)
_MEMBERS = (
    "Join this channel to get access to members-only content like this video, and other exclusive perks."
)  # fmt: skip

UNPLAYABLE: dict[str, Playability] = {
    "private0001": Playability("LOGIN_REQUIRED", "This video is private"),
    "private0002": Playability(
        "LOGIN_REQUIRED", "Private video", "Sign in if you've been granted access to this video"
    ),
    "removed0001": Playability("ERROR", "Video unavailable", "This video has been removed by the uploader"),
    "unavail0001": Playability("ERROR", "Video unavailable"),
    "termina0001": Playability("ERROR", "Video unavailable", _TERMINATED),
    "copyrig0001": Playability(
        "UNPLAYABLE",
        "Video unavailable",
        "This video contains content from Foo, who has blocked it on copyright grounds",
    ),
    "agegate0001": Playability(
        "LOGIN_REQUIRED", "Sign in to confirm your age", "This video may be inappropriate for some users."
    ),
    "members0001": Playability("UNPLAYABLE", _MEMBERS),
    "georest0001": Playability(
        "UNPLAYABLE", "Video unavailable", "The uploader has not made this video available in your country"
    ),
    "botchck0001": Playability(
        "LOGIN_REQUIRED",
        "Sign in to confirm you’re not a bot",
        "This helps protect our community. Learn more",
    ),
    "ratelim0001": Playability("UNPLAYABLE", "This content isn't available, try again later."),
    "premium0001": Playability("UNPLAYABLE", "This video is only available to Music Premium members"),
    "payment0001": Playability("UNPLAYABLE", "This video requires payment to watch."),
    "process0001": Playability("UNPLAYABLE", "We're processing this video. Check back later."),
    "upcomin0001": Playability("LIVE_STREAM_OFFLINE", "This live event will begin in 5 hours."),
    "premier0001": Playability("LIVE_STREAM_OFFLINE", "Premieres in 2 hours"),
    "liveend0001": Playability("LIVE_STREAM_OFFLINE", "This live stream recording is not available."),
    "oddword0001": Playability("UNPLAYABLE", "The moon is in the wrong phase."),
}


class Behaviour(StrEnum):
    """What a video id does, named by its first characters."""

    API_429 = "api429x"
    API_403 = "api403x"
    API_500 = "api500x"
    API_FLAKY = "flaky50"
    """Two times 503, then an answer."""
    API_FLAKY_TALK = "vmFlaky"
    """The captioned talk, after six times 503: longer than one extraction tries."""
    API_HANGS = "hangapi"
    WRONG_ID = "wrongid"
    """The answer is about another video, which is how YouTube treats an address that it blocks."""
    PAGE_429 = "web429x"
    PAGE_CONSENT = "consent"
    PAGE_CAPTCHA = "recaptc"
    CAPTIONS_429 = "cap429x"
    CAPTIONS_EMPTY = "capempt"
    CAPTIONS_MANUAL = "okmanua"
    CAPTIONS_AUTOMATIC = "autoonl"
    CAPTIONS_WANT_TOKEN = "pottoke"
    CAPTIONS_MANY = "multila"
    CAPTIONS_VTT_ONLY = "vttonly"
    MEDIA_403 = "med403x"
    MEDIA_403_ONCE = "med403o"
    MEDIA_404 = "med404x"
    MEDIA_SLOW = "slowmed"
    MEDIA_TRUNCATED = "truncat"
    """The first answer breaks off; a request for the rest gets it."""
    SILENCE = "silence"
    LIVE_NOW = "livenow"
    DRM = "drmprot"
    TOO_LONG = "toolong"
    PRIVATE = "private"
    REMOVED = "removed"
    UNAVAILABLE = "unavail"
    TERMINATED = "termina"
    NO_EMBED = "noembed"

    def is_of(self, video_id: str) -> bool:
        """Whether the video behaves so."""
        return video_id.startswith(self.value)


def behaves(video_id: str, *behaviours: Behaviour) -> bool:
    """Whether the video has one of the behaviours."""
    return any(behaviour.is_of(video_id) for behaviour in behaviours)
