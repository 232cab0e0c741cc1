"""The YouTube Data API's `videos.list`, and oEmbed. The API key chooses how the API fails."""

import re
from typing import Any

from tests.standins.youtube.records import Request, Response, as_json
from tests.standins.youtube.scenarios import UNPLAYABLE, Behaviour, behaves
from tests.standins.youtube.videos import CHANNEL_ID, Video, video_of

Json = dict[str, Any]

QUOTA_KEY = "key-without-quota"
RATE_KEY = "key-too-fast"
INVALID_KEY = "key-not-valid"
BROKEN_KEY = "key-of-a-broken-server"
GOOD_KEY = "key-good"

_HIDDEN = (Behaviour.PRIVATE, Behaviour.REMOVED, Behaviour.UNAVAILABLE, Behaviour.TERMINATED)


def list_videos(request: Request) -> Response:
    """`GET /youtube/v3/videos?id=`: videos that cannot be seen are left out."""
    if failure := _failures().get(_key(request)):
        return failure
    video_id = request.video_id
    items = [] if behaves(video_id, *_HIDDEN) else [_item(video_of(video_id))]
    return as_json(200, {"kind": "youtube#videoListResponse", "items": items})


def _key(request: Request) -> str:
    return request.headers.get("x-goog-api-key") or request.query.get("key", "")


def _failures() -> dict[str, Response]:
    return {
        "": _failure(403, "forbidden", "Method doesn't allow unregistered callers.", {"status": "PERMISSION_DENIED"}),
        QUOTA_KEY: _failure(403, "quotaExceeded", "The request cannot be completed: you have exceeded your quota."),
        RATE_KEY: _failure(403, "rateLimitExceeded", "Rate Limit Exceeded"),
        INVALID_KEY: _failure(
            400,
            "badRequest",
            "API key not valid. Please pass a valid API key.",
            {"status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID", "domain": "googleapis.com"}]},
        ),
        BROKEN_KEY: Response(200, b"<html>not the API</html>"),
    }


def _failure(code: int, reason: str, message: str, more: Json | None = None) -> Response:
    errors = [{"message": message, "reason": reason}]
    return as_json(code, {"error": {"code": code, "message": message, "errors": errors, **(more or {})}})


def _item(video: Video) -> Json:
    live = "live" if behaves(video.video_id, Behaviour.LIVE_NOW) else _scheduled(video.video_id)
    thumbnail = {"url": f"https://i.ytimg.com/vi/{video.video_id}/hqdefault.jpg", "width": 480, "height": 360}
    return {
        "kind": "youtube#video",
        "id": video.video_id,
        "snippet": {
            "publishedAt": "2024-01-02T11:04:05Z",
            "channelId": CHANNEL_ID,
            "title": video.title,
            "description": video.description,
            "thumbnails": {"high": thumbnail},
            "channelTitle": video.author,
            "liveBroadcastContent": live,
            "defaultAudioLanguage": "en-US",
        },
        "contentDetails": {"duration": "P0D" if live != "none" else _iso_duration(video.duration)},
    }


def _scheduled(video_id: str) -> str:
    why = UNPLAYABLE.get(video_id)
    is_upcoming = why and why.status == "LIVE_STREAM_OFFLINE" and video_id != "liveend0001"
    return "upcoming" if is_upcoming else "none"


def _iso_duration(seconds: int) -> str:
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    parts = [f"{hours}H" if hours else "", f"{minutes}M" if minutes else "", f"{rest}S" if rest else ""]
    return "PT" + ("".join(parts) or "0S")


def oembed(request: Request) -> Response:
    """`GET /oembed?url=`: title, author and thumbnail only."""
    named = re.search(r"v=([\w-]{11})", request.query.get("url", ""))
    if named is None:
        return Response(400, b"Bad Request")
    video_id = named[1]
    if behaves(video_id, Behaviour.PRIVATE):
        return Response(403, b"Forbidden")
    if behaves(video_id, Behaviour.NO_EMBED):
        return Response(401, b"Unauthorized")
    if behaves(video_id, Behaviour.REMOVED, Behaviour.UNAVAILABLE, Behaviour.TERMINATED):
        return Response(404, b"Not Found")
    video = video_of(video_id)
    return as_json(
        200,
        {
            "title": video.title,
            "author_name": video.author,
            "author_url": "https://www.youtube.com/@sample",
            "type": "video",
            "provider_name": "YouTube",
            "thumbnail_url": f"https://i.ytimg.com/vi/{video_id}/hqdefault.jpg",
            "html": "<iframe></iframe>",
        },
    )
