import itertools
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidmap_transcribe.domain.captions import CaptionDocument, CaptionFormat, CaptionsError, read_captions
from vidmap_transcribe.domain.cues import Cue

AUTOMATIC_JSON3 = {
    "wireMagic": "pb3",
    "events": [
        {"tStartMs": 0, "dDurationMs": 11000, "id": 1, "wpWinPosId": 1},
        {"tStartMs": 320, "dDurationMs": 4200, "segs": [{"utf8": "and"}, {"utf8": " so", "tOffsetMs": 300}]},
        {"tStartMs": 3300, "dDurationMs": 1200, "aAppend": 1, "segs": [{"utf8": "\n"}]},
        {"tStartMs": 3310, "dDurationMs": 4700, "segs": [{"utf8": "ask"}, {"utf8": " not", "tOffsetMs": 400}]},
        {"tStartMs": 6000, "dDurationMs": 2000, "aAppend": 1, "segs": [{"utf8": "\n"}]},
        {"tStartMs": 6010, "dDurationMs": 4990, "segs": [{"utf8": "can do"}, {"utf8": " for you", "tOffsetMs": 300}]},
    ],
}
AUTOMATIC_VTT = """WEBVTT
Kind: captions
Language: en

00:00:00.320 --> 00:00:03.300 align:start position:0%
\x20
and<00:00:00.620><c> so</c>

00:00:03.300 --> 00:00:03.310 align:start position:0%
and so
\x20

00:00:03.310 --> 00:00:06.000 align:start position:0%
and so
ask<00:00:03.710><c> not</c>

00:00:06.000 --> 00:00:06.010 align:start position:0%
ask not
\x20

00:00:06.010 --> 00:00:11.000 align:start position:0%
ask not
can do<00:00:06.310><c> for you</c>

"""
AUTOMATIC = (Cue("and so", 0.32, 3.31), Cue("ask not", 3.31, 6.01), Cue("can do for you", 6.01, 11.0))
MANUAL_JSON3 = {
    "events": [
        {"tStartMs": 320, "dDurationMs": 3000, "segs": [{"utf8": "Tom &amp; I,"}]},
        {"tStartMs": 3320, "dDurationMs": 3000, "segs": [{"utf8": "ask not what\ncountries do,"}]},
        {"tStartMs": 8000, "dDurationMs": 3000, "segs": [{"utf8": "ask what you do."}]},
    ]
}
MANUAL_VTT = """WEBVTT

NOTE made by hand

1
00:00:00.320 --> 00:00:03.320
<v Speaker>Tom &amp; I,</v>

2
00:03.320 --> 00:06.320
ask not what
countries do,

3
00:00:08.000 --> 00:00:11.000
ask what you do.
"""
MANUAL = (Cue("Tom & I,", 0.32, 3.32), Cue("ask not what countries do,", 3.32, 6.32), Cue("ask what you do.", 8, 11))


def read(body: object, form: CaptionFormat, duration: float | None = None) -> tuple[Cue, ...]:
    text = body if isinstance(body, str) else json.dumps(body)
    return read_captions(CaptionDocument("en", "automatic", form, text.encode()), duration=duration)


@pytest.mark.parametrize(
    ("body", "form", "expected"),
    [
        (AUTOMATIC_JSON3, "json3", AUTOMATIC),
        (AUTOMATIC_VTT, "vtt", AUTOMATIC),
        (MANUAL_JSON3, "json3", MANUAL),
        (MANUAL_VTT, "vtt", MANUAL),
    ],
)
def test_text_and_times_are_the_same_when_formats_differ(body: object, form: CaptionFormat, expected: tuple[Cue, ...]):
    assert read(body, form) == expected


def test_line_endings_do_not_matter_when_vtt_comes_from_windows():
    assert read("\ufeff" + MANUAL_VTT.replace("\n", "\r\n"), "vtt") == MANUAL


def test_growing_lines_are_undone_when_json3_rolls():
    texts = ["and so", "and so my", "and so my\nfellow", "my fellow\namericans"]
    events = [{"tStartMs": 1000 * at, "dDurationMs": 1000, "segs": [{"utf8": text}]} for at, text in enumerate(texts)]

    assert " ".join(cue.text for cue in read({"events": events}, "json3")) == "and so my fellow americans"


def test_lines_of_two_are_undone_when_a_track_rolls_up():
    lines = [f"line number {index}" for index in range(10)]
    blocks = [
        f"00:00:{at:02}.000 --> 00:00:{at + 1:02}.000\n{lines[at]}\n{lines[at + 1]}\n" for at in range(len(lines) - 1)
    ]

    assert " ".join(cue.text for cue in read("WEBVTT\n\n" + "\n".join(blocks), "vtt")) == " ".join(lines)


def test_words_are_kept_when_somebody_says_the_same_thing_twice():
    texts = ["Do you agree?", "Yes.", "Yes.", "Then let us begin.", "Yes.", "Who is first?"]
    blocks = [f"00:00:{at:02}.000 --> 00:00:{at + 1:02}.000\n{text}\n" for at, text in enumerate(texts)]

    assert [cue.text for cue in read("WEBVTT\n\n" + "\n".join(blocks), "vtt")] == texts


def test_sounds_and_speaker_marks_are_left_out_when_they_are_captioned():
    texts = ["[Music]", "&gt;&gt; Welcome [Applause] back", "♪ la la ♪"]
    blocks = [f"00:00:{at:02}.000 --> 00:00:{at + 1:02}.000\n{text}\n" for at, text in enumerate(texts)]

    assert [cue.text for cue in read("WEBVTT\n\n" + "\n".join(blocks), "vtt")] == ["Welcome back", "la la"]


def test_cues_end_with_the_recording_when_its_length_is_known():
    assert read(MANUAL_VTT, "vtt", duration=9.5)[-1] == Cue("ask what you do.", 8, 9.5)
    assert len(read(MANUAL_VTT, "vtt", duration=7)) == 2


def test_there_is_nothing_when_a_track_is_empty():
    assert read({}, "json3") == ()
    assert read("WEBVTT\n", "vtt") == ()


@pytest.mark.parametrize(
    ("body", "form"),
    [
        ("", "vtt"),
        ("<html>Too Many Requests</html>", "vtt"),
        ("", "json3"),
        ("[]", "json3"),
        ('{"events": 3}', "json3"),
        ('{"events": [{"tStartMs": "soon", "segs": [{"utf8": "x"}]}]}', "json3"),
        ('{"events": [{"tStartMs": NaN, "segs": [{"utf8": "x"}]}]}', "json3"),
        ('{"events": [{"tStartMs": -5, "segs": [{"utf8": "x"}]}]}', "json3"),
        ("[" * 100_000, "json3"),
    ],
)
def test_the_document_is_refused_when_it_is_broken(body: str, form: CaptionFormat):
    with pytest.raises(CaptionsError):
        read(body, form)


def test_the_document_is_refused_when_it_is_not_utf8():
    with pytest.raises(CaptionsError):
        read_captions(CaptionDocument("en", "manual", "vtt", b"WEBVTT\n\xff\xfe"))


@given(st.integers(0, 2**32), st.sampled_from(["json3", "vtt"]), st.integers(1, 30))
def test_only_our_error_is_raised_when_a_document_is_damaged(seed: int, form: CaptionFormat, changes: int):
    body = bytearray((json.dumps(AUTOMATIC_JSON3) if form == "json3" else AUTOMATIC_VTT).encode())
    chance = random.Random(seed)
    for _ in range(changes):
        at = chance.randrange(len(body))
        match chance.randrange(3):
            case 0:
                body[at] = chance.randrange(256)
            case 1:
                del body[at]
            case _:
                body[at:at] = body[chance.randrange(len(body)) :][:20]
    try:
        cues = read_captions(CaptionDocument("en", "automatic", form, bytes(body)))
    except CaptionsError:
        return
    for before, after in itertools.pairwise(cues):
        assert before.end <= after.start


def nested(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    names = st.sampled_from(["events", "segs", "utf8", "tStartMs", "dDurationMs", "aAppend"])
    return st.lists(inner, max_size=4) | st.dictionaries(names, inner)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), nested))
def test_only_our_error_is_raised_when_json_is_anything(value: object):
    try:
        for cue in read({"events": [value, {"segs": value}], "x": value}, "json3"):
            cue.text.encode()
    except CaptionsError:
        pass
