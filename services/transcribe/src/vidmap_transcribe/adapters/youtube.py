"""YouTube, through `vidmap_youtube`."""

from collections.abc import Sequence
from pathlib import Path

from vidmap_transcribe.domain.captions import CaptionDocument
from vidmap_youtube import YouTube


class YouTubeSource:
    """Captions and audio of YouTube videos; errors are those of `vidmap_youtube`, which are decisions already."""

    def __init__(self, youtube: YouTube) -> None:
        self._youtube = youtube

    async def captions(self, video_id: str, languages: Sequence[str]) -> CaptionDocument | None:
        """The best caption track in one of the languages, or in the spoken one; never a machine translation."""
        found = await self._youtube.captions(video_id, languages)
        if found is None:
            return None
        return CaptionDocument(language=found.language, kind=found.kind, format=found.format, body=found.body)

    async def download_audio(self, video_id: str, directory: Path) -> Path:
        """The best audio track as one file in `directory`."""
        return await self._youtube.download_audio(video_id, directory)
