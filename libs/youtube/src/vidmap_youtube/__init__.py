"""yt-dlp in a subprocess that can be killed, and what its errors mean.

`YouTube` is all that services need; its errors are those of `vidmap_chassis.errors`.
"""

from vidmap_youtube.client import YouTube
from vidmap_youtube.models import Captions, CaptionTrack, Chapter, VideoInfo
from vidmap_youtube.settings import YouTubeSettings

__all__ = ["CaptionTrack", "Captions", "Chapter", "VideoInfo", "YouTube", "YouTubeSettings"]
