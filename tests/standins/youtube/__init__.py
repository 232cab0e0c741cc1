"""YouTube on loopback, for the real yt-dlp: see README.md in this folder."""

from tests.standins.youtube.records import Request
from tests.standins.youtube.server import YouTubeStandIn

__all__ = ["Request", "YouTubeStandIn"]
