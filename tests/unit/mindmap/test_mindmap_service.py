"""The use case, the subscriber and the wiring."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidmap_contracts import topics
from vidmap_contracts.content import ContentAnalyzed, Topic
from vidmap_contracts.job import ProcessingOptions, Stage
from vidmap_contracts.mindmap import MindmapGenerated, Node
from vidmap_contracts.transcript import Segment, Transcript
from vidmap_contracts.video import VideoMetadata
from vidmap_mindmap import handlers
from vidmap_mindmap.app import create_app
from vidmap_mindmap.domain.renderers import RENDERERS
from vidmap_mindmap.errors import BrokenAnalysisError
from vidmap_mindmap.service import Drawing
from vidmap_mindmap.settings import Settings

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DRAWING = Drawing(lambda: NOW)


def topic(start: float, end: float, *parts: Topic, label: str = "Tides") -> Topic:
    return Topic(
        label=label, summary="The sea moves.", first_segment=0, last_segment=0, start=start, end=end, topics=parts
    )


def analysed(*found: Topic, duration: float | None = 100.0, title: str = "A talk\n about tides") -> ContentAnalyzed:
    return ContentAnalyzed(
        event_id=UUID(int=1),
        occurred_at=NOW,
        job_id=UUID(int=2),
        video_id="abcdefghijk",
        run=UUID(int=3),
        trace="0" * 32,
        options=ProcessingOptions(branches=2),
        metadata=VideoMetadata(title=title, duration=duration, source="yt_dlp"),
        transcript=Transcript(
            language="en", source="whisper", segments=(Segment(text="The sea moves.", start=0, end=50),)
        ),
        summary="All about the sea.",
        topics=found,
    )


def test_root_is_the_whole_video_when_topics_are_drawn() -> None:
    event = analysed(topic(3, 40, topic(3, 20), topic(20, 40)), topic(41, 90, label="  Low\nwater "))
    result = DRAWING.draw(event)
    root = result.mindmap.root
    assert (root.id, root.label, root.summary, root.start, root.end) == (
        "n0",
        "A talk about tides",
        "All about the sea.",
        0,
        100,
    )
    assert [child.id for child in root.children] == ["n0.0", "n0.1"]
    assert [child.id for child in root.children[0].children] == ["n0.0.0", "n0.0.1"]
    assert root.children[1].label == "Low water"
    assert (result.run, result.options, result.transcript) == (event.run, event.options, event.transcript)
    assert (result.mindmap.title, result.mindmap.language) == ("A talk about tides", "en")


def test_every_format_is_exported_when_topics_are_drawn() -> None:
    exports = DRAWING.draw(analysed(topic(3, 40))).exports
    assert exports.keys() == RENDERERS.keys()
    assert exports["markdown"].startswith("# [A talk about tides](https://www.youtube.com/watch?v=abcdefghijk&t=0s)")


def test_end_is_cut_off_when_last_caption_hangs_over_the_video() -> None:
    root = DRAWING.draw(
        analysed(topic(0, 60), topic(60, 104, topic(60, 99), topic(99, 104)), topic(104, 106))
    ).mindmap.root
    assert [(child.start, child.end) for child in root.children] == [(0, 60), (60, 100)]
    assert root.children[1].children[1].end == 100


def test_video_ends_with_its_last_word_when_duration_is_unknown() -> None:
    assert DRAWING.draw(analysed(topic(0, 60), duration=None)).mindmap.duration == 60
    assert DRAWING.draw(analysed(topic(0, 40), duration=None)).mindmap.duration == 50


def test_id_stands_in_when_title_is_blank() -> None:
    assert DRAWING.draw(analysed(topic(0, 60), title=" ")).mindmap.title == "abcdefghijk"


@pytest.mark.parametrize(
    "found",
    [
        (topic(0, 60), topic(50, 90)),
        (topic(50, 90), topic(0, 40)),
        (topic(0, 60, topic(30, 70)),),
        (topic(20, 20),),
        (topic(0, 20, label=" "),),
        (topic(100, 120),),
    ],
)
def test_job_fails_when_topics_contradict_each_other(found: tuple[Topic, ...]) -> None:
    with pytest.raises(BrokenAnalysisError, match="broken_analysis"):
        DRAWING.draw(analysed(*found))


@given(
    st.lists(st.floats(0, 200), min_size=2, max_size=12, unique=True).map(sorted),
    st.floats(0.5, 200),
)
def test_map_is_valid_or_refused_when_topics_are_any(edges: list[float], duration: float) -> None:
    found = [topic(start, end, topic(start, end)) for start, end in pairwise(edges)]
    try:
        root = DRAWING.draw(analysed(*found, duration=duration)).mindmap.root
    except BrokenAnalysisError:
        assert edges[0] >= duration
        return
    _assert_inside(root, 0, duration)


def _assert_inside(node: Node, start: float, end: float) -> None:
    assert start <= node.start < node.end <= end
    free = node.start
    for child in node.children:
        _assert_inside(child, free, node.end)
        free = child.end


class FakeApp:
    """Remembers what was subscribed."""

    def consume(self, topic: object, handler: Callable[..., Awaitable[None]], *, stage: Stage, timeout: float) -> None:
        self.topic, self.handler, self.stage = topic, handler, stage


class FakeDelivery:
    """Writes down what is reported and published."""

    def __init__(self) -> None:
        self.said: list[object] = []

    async def publish(self, event: object) -> None:
        self.said.append(event)

    @asynccontextmanager
    async def reporting(self) -> AsyncIterator[None]:
        self.said.append("started")
        yield
        self.said.append("finished")


async def test_handler_reports_around_the_event_when_content_comes() -> None:
    app, delivery = FakeApp(), FakeDelivery()
    handlers.register(app, DRAWING)  # type: ignore[arg-type]
    await app.handler(analysed(topic(0, 60)), delivery)
    assert (app.topic, app.stage) == (topics.CONTENT_ANALYZED, Stage.MINDMAP_GENERATION)
    assert [type(said) for said in delivery.said] == [str, MindmapGenerated, str]


async def test_same_event_follows_when_content_comes_twice() -> None:
    assert DRAWING.draw(analysed(topic(0, 60))) == DRAWING.draw(analysed(topic(0, 60)))


def test_app_is_wired_when_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINDMAP_IN_FLIGHT", "7")
    settings = Settings()
    assert settings.in_flight == 7
    assert create_app(settings).service == "mindmap"
