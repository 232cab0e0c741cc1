"""What YouTube says about a video, without yt-dlp's own shapes."""

from typing import Literal

from pydantic import AwareDatetime, Base64Bytes, BaseModel, ConfigDict

CaptionKind = Literal["manual", "automatic"]
CaptionFormat = Literal["json3", "vtt"]
LiveStatus = Literal["not_live", "was_live", "is_live", "is_upcoming", "post_live"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Chapter(_Value):
    """A chapter that the uploader set; times are seconds."""

    title: str
    start: float
    end: float


class CaptionTrack(_Value):
    """A caption track in a language that was spoken or written by people, never a machine translation."""

    language: str
    """As yt-dlp names it; `<language>-orig` is the recognised original of an automatic track."""
    kind: CaptionKind


class VideoInfo(_Value):
    """A video as yt-dlp describes it."""

    video_id: str
    title: str
    channel: str | None = None
    channel_id: str | None = None
    duration: float | None = None
    """Seconds; None or 0 while it is live."""
    language: str | None = None
    description: str = ""
    published_at: AwareDatetime | None = None
    thumbnail_url: str | None = None
    live_status: LiveStatus | None = None
    chapters: tuple[Chapter, ...] = ()
    caption_tracks: tuple[CaptionTrack, ...] = ()


class Captions(_Value):
    """One caption track as YouTube serves it. As JSON, `body` is base64."""

    language: str
    """Without `-orig`."""
    kind: CaptionKind
    format: CaptionFormat
    body: Base64Bytes
