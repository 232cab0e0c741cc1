"""YouTube's oEmbed: title, author and thumbnail, and nothing else."""

import httpx
from pydantic import BaseModel, ValidationError

from vidmap_contracts.video import MetadataSource, VideoMetadata
from vidmap_metadata.errors import SourceUnavailableError
from vidmap_metadata.ports import Found

_URL = "https://www.youtube.com/oembed"
# Embedding off, private, gone: yt-dlp says it better.
_UNKNOWN = frozenset({400, 401, 403, 404})


class _Reply(BaseModel):
    title: str
    author_name: str | None = None
    thumbnail_url: str | None = None


class OEmbedSource:
    """Answers when little else does."""

    name: MetadataSource = "oembed"

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def find(self, video_id: str) -> Found | None:
        """The little that it knows; the duration is not part of it.

        Raises:
            SourceUnavailableError: no answer, or not the one that was expected.
        """
        query = {"url": f"https://www.youtube.com/watch?v={video_id}", "format": "json"}
        try:
            response = await self._client.get(_URL, params=query)
            if response.status_code in _UNKNOWN:
                return None
            response.raise_for_status()
            reply = _Reply.model_validate_json(response.content)
        except (httpx.HTTPError, ValidationError) as error:
            raise SourceUnavailableError("oEmbed", type(error).__name__) from error
        return Found(
            VideoMetadata(
                title=reply.title, channel=reply.author_name, thumbnail_url=reply.thumbnail_url, source="oembed"
            )
        )
