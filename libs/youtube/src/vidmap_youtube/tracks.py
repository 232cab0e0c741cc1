"""Which caption tracks a video has, and which of them to read. Pure: yt-dlp's dictionaries in, choices out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict
from urllib.parse import parse_qs, urlsplit

from vidmap_youtube.models import CaptionFormat, CaptionKind

ORIGINAL = "-orig"
# Listed by yt-dlp among the subtitles, but it is a chat.
_NO_CAPTIONS = frozenset({"live_chat"})
_FORMATS: tuple[CaptionFormat, ...] = ("json3", "vtt")


class Source(TypedDict):
    """One address of a track, as yt-dlp lists it."""

    ext: str
    url: str


Listing = Mapping[str, Sequence[Source]]
Sources = tuple[tuple[CaptionFormat, str], ...]


@dataclass(frozen=True, slots=True)
class Track:
    """A track and its addresses, the best format first."""

    language: str
    kind: CaptionKind
    sources: Sources

    @property
    def spoken_language(self) -> str:
        """The language without `-orig`."""
        return self.language.removesuffix(ORIGINAL)


def list_tracks(manual: Listing, automatic: Listing) -> tuple[Track, ...]:
    """The tracks that people wrote or that were recognised from the speech.

    yt-dlp lists a machine translation into every language among the automatic captions, told apart only by `tlang`
    in the address; they are left out, even where they have the video's own language.

    Args:
        manual: `subtitles` of yt-dlp.
        automatic: `automatic_captions` of yt-dlp.
    """
    written = (_track(language, "manual", sources) for language, sources in manual.items())
    recognised = [_track(language, "automatic", sources) for language, sources in automatic.items()]
    originals = {track.spoken_language for track in recognised if track and track.language.endswith(ORIGINAL)}
    return tuple(
        track
        for track in (*written, *recognised)
        if track and (track.kind == "manual" or track.language.endswith(ORIGINAL) or track.language not in originals)
    )


def _track(language: str, kind: CaptionKind, sources: Sequence[Source]) -> Track | None:
    if language in _NO_CAPTIONS:
        return None
    by_format = {source["ext"]: source["url"] for source in sources if not _is_translation(source["url"])}
    usable: tuple[tuple[CaptionFormat, str], ...] = tuple(
        (name, by_format[name]) for name in _FORMATS if name in by_format
    )
    return Track(language, kind, usable) if usable else None


def _is_translation(url: str) -> bool:
    return "tlang" in parse_qs(urlsplit(url).query)


def ranked(tracks: Sequence[Track], preferred: Sequence[str], spoken: str | None) -> list[Track]:
    """All tracks, the one to read first at the front.

    Preferred languages come first, then the language that is spoken, then anything that people wrote; inside a
    language, what people wrote comes before what was recognised.

    Args:
        tracks: what there is.
        preferred: languages as BCP 47, the best first; `en` also means `en-GB`.
        spoken: the language of the video, where it is known.
    """
    heard = [track.spoken_language for track in tracks if track.kind == "automatic"]
    languages = [*preferred, *([spoken] if spoken else []), *heard]
    return list(dict.fromkeys([*_in_languages(tracks, languages), *tracks]))


def _in_languages(tracks: Sequence[Track], languages: Sequence[str]) -> Iterator[Track]:
    for language in languages:
        same = sorted(
            (track for track in tracks if _primary(track.language) == _primary(language)),
            key=lambda track: (track.kind != "manual", track.spoken_language.lower() != language.lower()),
        )
        yield from same


def _primary(language: str) -> str:
    return language.lower().split("-", 1)[0]
