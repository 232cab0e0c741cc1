"""The YouTube Data API v3: `videos.list`, one unit of quota a video. The key travels in a header, never in the URL."""

from typing import Any

import httpx
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from vidmap_contracts.video import Chapter, MetadataSource, VideoMetadata
from vidmap_metadata.domain import Liveness, parse_chapters, parse_duration
from vidmap_metadata.errors import SourceUnavailableError
from vidmap_metadata.ports import Found

_URL = "https://www.googleapis.com/youtube/v3/videos"
_LIVENESS = {"live": Liveness.LIVE, "upcoming": Liveness.UPCOMING}
_LARGEST_FIRST = ("maxres", "standard", "high", "medium", "default")


class _Thumbnail(BaseModel):
    url: str


class _Snippet(BaseModel):
    title: str
    description: str = ""
    channel_title: str | None = Field(None, alias="channelTitle")
    channel_id: str | None = Field(None, alias="channelId")
    published_at: AwareDatetime | None = Field(None, alias="publishedAt")
    language: str | None = Field(None, alias="defaultAudioLanguage")
    live: str = Field("none", alias="liveBroadcastContent")
    thumbnails: dict[str, _Thumbnail] = Field(default_factory=dict[str, _Thumbnail])


class _Details(BaseModel):
    duration: str


class _Item(BaseModel):
    snippet: _Snippet
    details: _Details = Field(alias="contentDetails")


class _Reply(BaseModel):
    items: list[_Item]


class DataApiSource:
    """Cheap and quick, but knows no caption tracks, and is silent about why a video cannot be seen.

    Args:
        client: how to get there.
        key: API key.
    """

    name: MetadataSource = "youtube_data_api"

    def __init__(self, client: httpx.AsyncClient, key: str) -> None:
        self._client = client
        self._key = key

    async def find(self, video_id: str) -> Found | None:
        """What it knows; None for a video that is private, gone, or was never there.

        Raises:
            SourceUnavailableError: quota, key, network, or an answer that is not the API's.
        """
        query = {"part": "snippet,contentDetails", "id": video_id}
        try:
            response = await self._client.get(_URL, params=query, headers={"X-Goog-Api-Key": self._key})
            if response.is_error:
                raise SourceUnavailableError("The YouTube Data API", _reason(response))
            reply = _Reply.model_validate_json(response.content)
            return _found(reply.items[0]) if reply.items else None
        except (httpx.HTTPError, ValidationError, ValueError) as error:
            raise SourceUnavailableError("The YouTube Data API", type(error).__name__) from error


def _found(item: _Item) -> Found:
    snippet = item.snippet
    duration = parse_duration(item.details.duration)
    chapters = parse_chapters(snippet.description, duration)
    metadata = VideoMetadata(
        title=snippet.title,
        channel=snippet.channel_title,
        channel_id=snippet.channel_id,
        duration=duration,
        language=snippet.language,
        description=snippet.description,
        published_at=snippet.published_at,
        thumbnail_url=_largest(snippet.thumbnails),
        chapters=tuple(Chapter(title=mark.title, start=mark.start, end=mark.end) for mark in chapters),
        source="youtube_data_api",
    )
    return Found(metadata, _LIVENESS.get(snippet.live, Liveness.RECORDED))


def _largest(thumbnails: dict[str, _Thumbnail]) -> str | None:
    return next((thumbnails[size].url for size in _LARGEST_FIRST if size in thumbnails), None)


def _reason(response: httpx.Response) -> str:
    """The API's own word for what is wrong, such as `quotaExceeded`; the status where it has none."""
    try:
        errors: list[dict[str, Any]] = response.json()["error"]["errors"]
        return str(errors[0]["reason"])
    except (ValueError, LookupError, TypeError):
        return f"HTTP {response.status_code}"
