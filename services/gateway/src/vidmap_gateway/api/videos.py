"""Finished videos and their maps."""

from typing import Annotated

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from vidmap_gateway.api.problems import RESPONSES
from vidmap_gateway.schemas import VideoBody
from vidmap_gateway.service.catalogue import VideoCatalogue

MEDIA_TYPES = {
    "json": "application/json",
    "markdown": "text/markdown",
    "mermaid": "text/vnd.mermaid",
    "opml": "text/x-opml",
    "freemind": "application/x-freemind",
    "svg": "image/svg+xml",
    "html": "text/html",
}
_OTHER = "text/plain"
# A document is somebody else's words: it may be shown, and may do nothing in our name.
_HEADERS = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}


@get("/{video_id:str}", responses=RESPONSES, summary="A finished video")
async def video(video_id: FromPath[str], videos: NamedDependency[VideoCatalogue]) -> VideoBody:
    """What is known of the video, and the formats of its map."""
    return VideoBody.of(await videos.video(video_id))


@get("/{video_id:str}/mindmap", responses=RESPONSES, summary="The mind map of a video", media_type="application/json")
async def mindmap(
    video_id: FromPath[str],
    videos: NamedDependency[VideoCatalogue],
    format_name: Annotated[str, QueryParameter(name="format")] = "json",
) -> Response[bytes]:
    """The newest map, as a document in one of the video's formats."""
    document = await videos.mindmap(video_id, format_name)
    return Response(document.encode(), media_type=MEDIA_TYPES.get(format_name, _OTHER), headers=_HEADERS)


router = Router("/api/videos", route_handlers=[video, mindmap], tags=["videos"])
