"""Caption tracks in the formats that YouTube serves: json3, and vtt with its rolling lines.

The fixed tracks hold a few lines of speech as people write them and as YouTube's recognition writes them, where each
line of the vtt appears up to three times and json3 has events that only append a line break.
"""

from dataclasses import dataclass
from typing import Any, Literal

from tests.standins.youtube.scenarios import Behaviour, behaves

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cue:
    """A caption line; times in seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class CuedTrack:
    """One track in both formats."""

    language: str
    kind: Literal["manual", "automatic"]
    json3: Json
    vtt: str


def cue_json3(cues: tuple[Cue, ...]) -> Json:
    """Cues as a json3 document of a manual track."""
    return _json3(
        [
            {
                "tStartMs": round(cue.start * 1000),
                "dDurationMs": round((cue.end - cue.start) * 1000),
                "segs": [{"utf8": cue.text}],
            }
            for cue in cues
        ]
    )


def cue_vtt(cues: tuple[Cue, ...], language: str) -> str:
    """Cues as a vtt document."""
    blocks = [f"{_clock(cue.start)} --> {_clock(cue.end)}\n{cue.text}\n" for cue in cues]
    return "\n".join([f"WEBVTT\nKind: captions\nLanguage: {language}\n", *blocks])


def _clock(seconds: float) -> str:
    whole, ms = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{ms:03}"


def _json3(events: list[Json]) -> Json:
    return {"wireMagic": "pb3", "pens": [{}], "wsWinStyles": [{}], "wpWinPositions": [{}], "events": events}


WRITTEN = (
    Cue(0.32, 3.32, "And so, my fellow Americans,"),
    Cue(3.32, 6.32, "ask not what your country\ncan do for you,"),
    Cue(8.0, 11.0, "ask what you can do for your country."),
)


def _words(*words: tuple[str, int]) -> list[Json]:
    return [{"utf8": text, **({"tOffsetMs": offset} if offset else {})} for text, offset in words]


def _rolling(start: int, duration: int, segs: list[Json]) -> Json:
    return {"tStartMs": start, "dDurationMs": duration, "wWinId": 1, "segs": segs}


def _line_break(start: int, duration: int) -> Json:
    return {"tStartMs": start, "dDurationMs": duration, "wWinId": 1, "aAppend": 1, "segs": [{"utf8": "\n"}]}


RECOGNISED_JSON3 = _json3(
    [
        {"tStartMs": 0, "dDurationMs": 11000, "id": 1, "wpWinPosId": 1, "wsWinStyleId": 1},
        _rolling(320, 4200, _words(("and", 0), (" so", 300), (" my", 600), (" fellow", 800), (" americans", 1300))),
        _line_break(3300, 1200),
        _rolling(3310, 4700, _words(("ask", 0), (" not", 400), (" what", 2000), (" your", 2300), (" country", 2500))),
        _line_break(6000, 2000),
        _rolling(6010, 4990, _words(("can", 0), (" do", 300), (" for", 600), (" you", 800))),
    ]
)

RECOGNISED_VTT = """WEBVTT
Kind: captions
Language: en

00:00:00.320 --> 00:00:03.300 align:start position:0%
\x20
and<00:00:00.620><c> so</c><00:00:00.920><c> my</c><00:00:01.120><c> fellow</c><00:00:01.620><c> americans</c>

00:00:03.300 --> 00:00:03.310 align:start position:0%
and so my fellow americans
\x20

00:00:03.310 --> 00:00:06.000 align:start position:0%
and so my fellow americans
ask<00:00:03.710><c> not</c><00:00:05.310><c> what</c><00:00:05.610><c> your</c><00:00:05.810><c> country</c>

00:00:06.000 --> 00:00:06.010 align:start position:0%
ask not what your country
\x20

00:00:06.010 --> 00:00:11.000 align:start position:0%
ask not what your country
can<00:00:06.310><c> do</c><00:00:06.610><c> for</c><00:00:06.810><c> you</c>

"""

_MANUAL = (
    Behaviour.CAPTIONS_MANUAL,
    Behaviour.CAPTIONS_429,
    Behaviour.CAPTIONS_EMPTY,
    Behaviour.CAPTIONS_VTT_ONLY,
)
_AUTOMATIC = (
    Behaviour.CAPTIONS_MANUAL,
    Behaviour.CAPTIONS_AUTOMATIC,
    Behaviour.CAPTIONS_429,
    Behaviour.CAPTIONS_EMPTY,
    Behaviour.CAPTIONS_WANT_TOKEN,
)


def manual(language: str) -> CuedTrack:
    """The written track."""
    return CuedTrack(language, "manual", cue_json3(WRITTEN), cue_vtt(WRITTEN, language))


def automatic(language: str) -> CuedTrack:
    """The recognised track."""
    return CuedTrack(language, "automatic", RECOGNISED_JSON3, RECOGNISED_VTT)


def fixed_tracks(video_id: str) -> tuple[CuedTrack, ...]:
    """The tracks of a video that is no talk."""
    if behaves(video_id, Behaviour.CAPTIONS_MANY):
        return (manual("de"), manual("pt-BR"), manual("en-GB"), automatic("de"))
    tracks: list[CuedTrack] = []
    if behaves(video_id, *_MANUAL):
        tracks.append(manual("en"))
    if behaves(video_id, *_AUTOMATIC):
        tracks.append(automatic("en"))
    return tuple(tracks)
