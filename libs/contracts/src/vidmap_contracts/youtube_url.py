"""Reads the video id out of the many shapes of a YouTube URL.

Pure and without network: a user's URL is never fetched, only the id leaves this module.
"""

import re
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

MAX_LENGTH = 2048

_ID = re.compile(r"[A-Za-z0-9_-]{11}\Z")
# Words of YouTube's own that are as long as an id.
_RESERVED = {"videoseries": "playlist_not_supported", "live_stream": "not_a_video"}
_HOSTS = frozenset(
    {
        "youtube.com",
        "www.youtube.com",
        "m.youtube.com",
        "music.youtube.com",
        "gaming.youtube.com",
        "youtube-nocookie.com",
        "www.youtube-nocookie.com",
    }
)
_SHORT_HOSTS = frozenset({"youtu.be", "www.youtu.be"})
_VIDEO_PATHS = frozenset({"shorts", "live", "embed", "v", "e", "vi", "watch"})
_PORTS = (None, 80, 443)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_HOST_AND_PORT = re.compile(r"[\w.-]+\.[a-z]{2,}:\d", re.IGNORECASE)
_ENCODED = re.compile(r"https?%3a", re.IGNORECASE)
_TIME = re.compile(r"(?:(\d{1,3})h)?(?:(\d{1,5})m)?(?:(\d{1,7})s?)?")

_PASTE = "Paste the address of a single YouTube video, such as https://youtu.be/dQw4w9WgXcQ."
MESSAGES = {
    "empty": f"No address was given. {_PASTE}",
    "too_long": f"The address is longer than {MAX_LENGTH} characters. {_PASTE}",
    "invalid_characters": f"The address contains spaces or other characters that no address has. {_PASTE}",
    "malformed": f"This is not a well-formed address. {_PASTE}",
    "scheme_not_allowed": "Only http and https addresses are accepted.",
    "userinfo_not_allowed": "An address with a user name or password in it is not accepted.",
    "port_not_allowed": "An address with an unusual port is not accepted.",
    "host_not_allowed": f"This is not an address of YouTube. {_PASTE}",
    "playlist_not_supported": "This is a whole playlist. Open one of its videos and paste that address.",
    "not_a_video": f"This YouTube page is not a video. {_PASTE}",
    "missing_video_id": f"The address names no video. {_PASTE}",
    "invalid_video_id": "The video id in the address is not valid: it has exactly 11 letters, digits, - or _.",
}
"""Every code that `parse_youtube_url` raises, with the sentence for the user."""


class UrlError(ValueError):
    """The text is not the address of one YouTube video; `message` says why, in words for the user."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class YouTubeUrl:
    """What a YouTube address names."""

    video_id: str
    start: int | None = None
    """Seconds from the beginning at which the address asks to start."""
    playlist: str | None = None
    """The playlist in which the video was opened; ignored by processing."""


def parse_youtube_url(raw: str) -> YouTubeUrl:
    """The video that an address, or a bare 11-character id, names.

    Args:
        raw: what the user typed or pasted; spaces around it, angle brackets and a missing scheme are forgiven.

    Raises:
        UrlError: with a code from `MESSAGES`.
    """
    text = _cleaned(raw)
    if _ID.match(text) and text not in _RESERVED:
        return YouTubeUrl(text)
    return _parse_address(text)


def _reject(code: str) -> NoReturn:
    raise UrlError(code, MESSAGES[code])


def _cleaned(raw: str) -> str:
    text = raw.strip().strip("<>").strip()
    if not text:
        _reject("empty")
    if len(text) > MAX_LENGTH:
        _reject("too_long")
    if _FORBIDDEN.search(text):
        _reject("invalid_characters")
    return text


def _parse_address(text: str) -> YouTubeUrl:
    url = _split(_with_scheme(text))
    query = parse_qs(url.query)
    parts = [part for part in url.path.split("/") if part]
    if parts and parts[0] == "attribution_link":
        return _parse_attribution(query)
    on_short_host = _host(url) in _SHORT_HOSTS
    video = _short_id(parts) if on_short_host else _long_id(parts, query)
    return YouTubeUrl(video, _start(query, url.fragment), _first(query, "list"))


def _with_scheme(text: str) -> str:
    if _ENCODED.match(text):
        text = unquote(text)
    if text.startswith("//"):
        return "https:" + text
    if not _SCHEME.match(text) or _HOST_AND_PORT.match(text):
        return "https://" + text
    return text


def _split(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        _reject("malformed")
    if url.scheme.lower() not in {"http", "https"}:
        _reject("scheme_not_allowed")
    if url.username is not None or url.password is not None:
        _reject("userinfo_not_allowed")
    if port not in _PORTS:
        _reject("port_not_allowed")
    if _host(url) not in _HOSTS | _SHORT_HOSTS:
        _reject("host_not_allowed")
    return url


def _host(url: SplitResult) -> str:
    return (url.hostname or "").lower().rstrip(".")


def _short_id(parts: list[str]) -> str:
    if not parts:
        _reject("not_a_video")
    nested = parts[0] in _VIDEO_PATHS and len(parts) > 1
    return _checked_id(parts[1] if nested else parts[0])


def _long_id(parts: list[str], query: dict[str, list[str]]) -> str:
    match parts:
        case ["watch"]:
            return _watch_id(query)
        case ["playlist", *_]:
            _reject("playlist_not_supported")
        case [head] if head in _VIDEO_PATHS:
            _reject("missing_video_id")
        case [head, video, *_] if head in _VIDEO_PATHS:
            return _checked_id(video)
        case _:
            _reject("not_a_video")


def _watch_id(query: dict[str, list[str]]) -> str:
    video = _first(query, "v")
    if video is None:
        _reject("playlist_not_supported" if _first(query, "list") else "missing_video_id")
    return _checked_id(video)


def _parse_attribution(query: dict[str, list[str]]) -> YouTubeUrl:
    inner = _first(query, "u") or ""
    # `//host` would leave YouTube; a nested link could go on for ever.
    if not inner.startswith("/") or inner.startswith(("//", "/attribution_link")):
        _reject("not_a_video")
    return _parse_address("https://www.youtube.com" + inner)


def _checked_id(text: str) -> str:
    if text in _RESERVED:
        _reject(_RESERVED[text])
    if not _ID.match(text):
        _reject("invalid_video_id")
    return text


def _first(query: dict[str, list[str]], name: str) -> str | None:
    return query.get(name, [None])[0]


def _start(query: dict[str, list[str]], fragment: str) -> int | None:
    in_fragment = fragment[2:] if fragment.startswith("t=") else None
    text = _first(query, "t") or _first(query, "start") or _first(query, "time_continue") or in_fragment
    found = _TIME.fullmatch(text) if text else None
    if found is None or not any(found.groups()):
        return None
    return sum(int(group or 0) * unit for group, unit in zip(found.groups(), (3600, 60, 1), strict=True))
