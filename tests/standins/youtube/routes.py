"""Which request gets which answer."""

import re
import threading
from collections import Counter
from collections.abc import Callable

from tests.standins.youtube.data_api import list_videos, oembed
from tests.standins.youtube.player import embed_page, initial_data, player_response, watch_page
from tests.standins.youtube.records import Request, Response, as_json
from tests.standins.youtube.scenarios import Behaviour, behaves
from tests.standins.youtube.videos import video_of

_HANG_S = 30.0
_SLOW_CHUNK_S = 0.25
_FLAKY_FAILURES = {Behaviour.API_FLAKY: 2, Behaviour.API_FLAKY_TALK: 6}
_NOT_FOUND = Response(404, b"Not Found")


class Routes:
    """Answers requests; counts, since some videos fail only the first time."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._by_path: dict[str, Callable[[Request], Response]] = {
            "/watch": self._watch,
            "/youtubei/v1/player": self._player,
            "/youtubei/v1/next": lambda request: as_json(200, initial_data(request.video_id)),
            "/api/timedtext": _timed_text,
            "/videoplayback": self._media,
            "/oembed": oembed,
            "/youtube/v3/videos": list_videos,
        }

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        if request.path.startswith("/embed/"):
            return Response(200, embed_page().encode())
        if request.path.endswith(".m3u8"):
            return Response(200, _LIVE_MANIFEST, "application/x-mpegURL")
        return self._by_path.get(request.path, lambda _: _NOT_FOUND)(request)

    def _seen(self, what: str) -> int:
        """How often this was asked, this time included."""
        with self._lock:
            self._counts[what] += 1
            return self._counts[what]

    def _watch(self, request: Request) -> Response:
        if behaves(request.video_id, Behaviour.PAGE_429):
            return Response(429, b"<html>Too Many Requests</html>")
        if behaves(request.video_id, Behaviour.PAGE_CONSENT):
            return Response(302, headers={"Location": "https://consent.youtube.com/m?continue=x"})
        return Response(200, watch_page(request.video_id).encode())

    def _player(self, request: Request) -> Response:
        video_id = request.video_id
        if behaves(video_id, Behaviour.API_429):
            return as_json(429, _api_error(429, "RESOURCE_EXHAUSTED"))
        if behaves(video_id, Behaviour.API_403):
            return as_json(403, _api_error(403, "PERMISSION_DENIED"))
        if behaves(video_id, Behaviour.API_500):
            return Response(500, b"oops")
        failures = next((count for flaky, count in _FLAKY_FAILURES.items() if behaves(video_id, flaky)), 0)
        if failures and self._seen(f"player {video_id}") <= failures:
            return Response(503, b"busy")
        answer = as_json(200, player_response(video_id))
        if behaves(video_id, Behaviour.API_HANGS):
            return Response(answer.status, answer.body, answer.content_type, delay=_HANG_S)
        return answer

    def _media(self, request: Request) -> Response:
        video_id = request.video_id
        refused_once = behaves(video_id, Behaviour.MEDIA_403_ONCE) and self._seen(f"media {video_id}") == 1
        if refused_once or behaves(video_id, Behaviour.MEDIA_403):
            return Response(403)
        if behaves(video_id, Behaviour.MEDIA_404):
            return Response(404)
        media = video_of(video_id).media()
        truncated = behaves(video_id, Behaviour.MEDIA_TRUNCATED) and self._seen(f"media {video_id}") == 1
        return _ranged(
            request,
            media.body,
            media.mime_type,
            cut_at=len(media.body) // 2 if truncated else None,
            chunk_delay=_SLOW_CHUNK_S if behaves(video_id, Behaviour.MEDIA_SLOW) else 0.0,
        )


def _api_error(code: int, status: str) -> dict[str, object]:
    return {"error": {"code": code, "message": status.lower(), "status": status}}


def _ranged(request: Request, body: bytes, mime_type: str, *, cut_at: int | None, chunk_delay: float) -> Response:
    """The part of a body that the Range header, or YouTube's `range` parameter, asks for."""
    by_header = re.match(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    asked = by_header or re.match(r"(\d+)-(\d*)", request.query.get("range", ""))
    first = int(asked[1]) if asked else 0
    last = min(int(asked[2]) if asked and asked[2] else len(body) - 1, len(body) - 1)
    headers = {"Accept-Ranges": "bytes"}
    if by_header:
        headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
    return Response(
        206 if by_header else 200,
        body[first : last + 1],
        mime_type,
        headers,
        chunk_delay=chunk_delay,
        cut_at=cut_at,
    )


def _timed_text(request: Request) -> Response:
    if behaves(request.video_id, Behaviour.CAPTIONS_429):
        return Response(429, b"<html>Too Many Requests</html>")
    if behaves(request.video_id, Behaviour.CAPTIONS_EMPTY):
        return Response(200)
    kind = "automatic" if request.query.get("kind") == "asr" else "manual"
    language, wanted = request.query.get("lang"), request.query.get("fmt")
    for track in video_of(request.video_id).tracks:
        if (track.language, track.kind) != (language, kind):
            continue
        if wanted == "vtt":
            return Response(200, track.vtt.encode(), "text/vtt; charset=UTF-8")
        if wanted == "json3" and not behaves(request.video_id, Behaviour.CAPTIONS_VTT_ONLY):
            return as_json(200, track.json3)
    return _NOT_FOUND


_LIVE_MANIFEST = (
    b'#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=300000,CODECS="avc1.4d401e,mp4a.40.2"\n'
    b"https://manifest.googlevideo.com/live/v.m3u8\n"
)
