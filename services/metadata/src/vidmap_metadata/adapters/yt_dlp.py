"""yt-dlp, through `vidmap_youtube`."""

from vidmap_contracts.video import CaptionTrack, Chapter, MetadataSource, VideoMetadata
from vidmap_metadata.domain import Liveness
from vidmap_metadata.ports import Found
from vidmap_youtube import VideoInfo, YouTube

_LIVENESS = {
    "is_live": Liveness.LIVE,
    "is_upcoming": Liveness.UPCOMING,
    "post_live": Liveness.PROCESSING,
}


class YtDlpSource:
    """Knows most of a video; its errors are those of `vidmap_youtube`, which are decisions already."""

    name: MetadataSource = "yt_dlp"

    def __init__(self, youtube: YouTube) -> None:
        self._youtube = youtube

    async def find(self, video_id: str) -> Found:
        """Everything but the words."""
        info = await self._youtube.extract(video_id)
        return Found(_metadata(info), _LIVENESS.get(info.live_status or "", Liveness.RECORDED))


def _metadata(info: VideoInfo) -> VideoMetadata:
    return VideoMetadata(
        title=info.title,
        channel=info.channel,
        channel_id=info.channel_id,
        duration=info.duration,
        language=info.language,
        description=info.description,
        published_at=info.published_at,
        thumbnail_url=info.thumbnail_url,
        chapters=tuple(Chapter(title=item.title, start=item.start, end=item.end) for item in info.chapters),
        caption_tracks=tuple(CaptionTrack(language=track.language, kind=track.kind) for track in info.caption_tracks),
        source="yt_dlp",
    )
