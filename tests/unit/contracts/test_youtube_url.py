"""The parser of YouTube addresses, on the table of addresses that people paste and attackers try."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidmap_contracts.youtube_url import MESSAGES, UrlError, YouTubeUrl, parse_youtube_url

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data" / "urls" / "youtube_urls.json").read_text(encoding="utf-8")
)
ACCEPTED = [case for case in CASES if case["ok"]]
REFUSED = [case for case in CASES if not case["ok"]]


def name(case: dict[str, Any]) -> str:
    return case["input"][:60] or "nothing"


@pytest.mark.parametrize("case", ACCEPTED, ids=name)
def test_video_is_named_when_address_is_of_a_video(case: dict[str, Any]) -> None:
    assert parse_youtube_url(case["input"]) == YouTubeUrl(case["id"], case["start"], case["playlist"])


@pytest.mark.parametrize("case", REFUSED, ids=name)
def test_code_says_why_when_address_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(UrlError) as refused:
        parse_youtube_url(case["input"])
    assert refused.value.code == case["error"]
    assert refused.value.message == MESSAGES[case["error"]]


def test_address_is_refused_when_port_is_unusual() -> None:
    with pytest.raises(UrlError) as refused:
        parse_youtube_url("https://www.youtube.com:8080/watch?v=dQw4w9WgXcQ")
    assert refused.value.code == "port_not_allowed"


def test_address_is_refused_when_attribution_links_are_nested() -> None:
    with pytest.raises(UrlError) as refused:
        parse_youtube_url("https://www.youtube.com/attribution_link?u=/attribution_link%3Fu%3D/watch")
    assert refused.value.code == "not_a_video"


def outcome(text: str) -> str:
    """The id, or the code of the refusal."""
    try:
        return parse_youtube_url(text).video_id
    except UrlError as error:
        return error.code


@given(st.text(max_size=120) | st.from_regex(r"https?://(www\.)?youtube\.com/[a-z]+[?/#&=a-zA-Z0-9%]*", fullmatch=True))
def test_answer_is_an_id_or_a_known_code_when_text_is_arbitrary(text: str) -> None:
    assert outcome(text) in MESSAGES or re.fullmatch(r"[A-Za-z0-9_-]{11}", outcome(text))


@given(
    st.from_regex(r"[A-Za-z0-9_-]{11}", fullmatch=True).filter(lambda text: text not in {"videoseries", "live_stream"})
)
def test_every_id_is_found_when_address_is_plain(video_id: str) -> None:
    assert parse_youtube_url(f"https://youtu.be/{video_id}").video_id == video_id
    assert parse_youtube_url(f"https://www.youtube.com/watch?v={video_id}").video_id == video_id
