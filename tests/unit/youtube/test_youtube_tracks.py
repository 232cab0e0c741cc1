"""Choosing among caption tracks."""

import pytest

from vidmap_youtube.tracks import Listing, Track, list_tracks, ranked

_BASE = "https://www.youtube.com/api/timedtext?v=x"


def _listing(*languages: str, translated: tuple[str, ...] = ()) -> Listing:
    return {
        language: [
            {"ext": ext, "url": f"{_BASE}&fmt={ext}" + (f"&tlang={language}" if language in translated else "")}
            for ext in ("srv1", "vtt", "json3")
        ]
        for language in languages
    }


def _names(tracks: tuple[Track, ...] | list[Track]) -> list[tuple[str, str]]:
    return [(track.language, track.kind) for track in tracks]


def test_translations_are_left_out_when_their_address_says_so() -> None:
    automatic = _listing("de-orig", "de", "en", "fr", translated=("en", "fr"))
    assert _names(list_tracks({}, automatic)) == [("de-orig", "automatic")]


def test_plain_language_is_listed_when_there_is_no_original() -> None:
    assert _names(list_tracks({}, _listing("yue"))) == [("yue", "automatic")]


def test_chat_is_left_out_when_a_stream_was_live() -> None:
    assert _names(list_tracks(_listing("live_chat", "en"), {})) == [("en", "manual")]


def test_track_is_left_out_when_it_has_no_format_that_we_read() -> None:
    assert list_tracks({"en": [{"ext": "ttml", "url": _BASE}]}, {}) == ()


def test_json3_comes_before_vtt_when_both_are_there() -> None:
    (track,) = list_tracks(_listing("en"), {})
    assert [name for name, _ in track.sources] == ["json3", "vtt"]


@pytest.mark.parametrize(
    ("manual", "automatic", "preferred", "spoken", "first"),
    [
        (("de", "en"), ("en-orig",), ("en",), "en", ("en", "manual")),
        (("de",), ("en-orig",), ("en",), "en", ("en-orig", "automatic")),
        (("en-GB", "en"), (), ("en",), None, ("en", "manual")),
        (("en-GB", "en-US"), (), ("en-US",), None, ("en-US", "manual")),
        (("en-GB",), ("en-orig",), ("en",), "en", ("en-GB", "manual")),
        (("fr", "de"), ("de-orig",), ("en",), None, ("de", "manual")),
        (("fr",), ("de-orig",), ("en",), "de", ("de-orig", "automatic")),
        (("fr",), (), ("en",), None, ("fr", "manual")),
        (("fr", "de"), (), ("es", "de"), None, ("de", "manual")),
        (("fr",), (), (), None, ("fr", "manual")),
    ],
)
def test_first_choice_is_what_a_reader_wants_when_languages_are_preferred(
    manual: tuple[str, ...],
    automatic: tuple[str, ...],
    preferred: tuple[str, ...],
    spoken: str | None,
    first: tuple[str, str],
) -> None:
    tracks = list_tracks(_listing(*manual), _listing(*automatic))
    order = ranked(tracks, preferred, spoken)
    assert _names(order)[0] == first
    assert sorted(_names(order)) == sorted(_names(tracks))
