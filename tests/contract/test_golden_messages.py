"""Messages that were written once must be read for ever: one frozen sample per message version.

A sample is never edited. A new version gets a new topic and a new file.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from vidmap_contracts.event import Event
from vidmap_contracts.topics import STAGE_TOPICS, Topic

GOLDEN = Path(__file__).parent / "golden"


def sample(topic: Topic) -> dict[str, Any]:
    return json.loads((GOLDEN / f"{topic.name}.json").read_text())


def model_of(topic: Topic) -> type[Event]:
    assert topic.event is not None
    return topic.event


def test_every_topic_has_a_sample_and_every_sample_a_topic() -> None:
    assert {topic.name for topic in STAGE_TOPICS} == {path.stem for path in GOLDEN.glob("*.json")}


@pytest.mark.parametrize("topic", STAGE_TOPICS, ids=lambda topic: topic.name)
def test_a_sample_is_read_without_loss(topic: Topic) -> None:
    written = sample(topic)
    read = model_of(topic).model_validate_json(json.dumps(written)).model_dump(mode="json")
    assert {name: read[name] for name in written} == written


@pytest.mark.parametrize("topic", STAGE_TOPICS, ids=lambda topic: topic.name)
def test_a_field_of_the_future_is_ignored(topic: Topic) -> None:
    newer = sample(topic) | {"of_the_future": {"nested": [1, 2]}}
    assert model_of(topic).model_validate(newer) == model_of(topic).model_validate(sample(topic))


@pytest.mark.parametrize("topic", STAGE_TOPICS, ids=lambda topic: topic.name)
@pytest.mark.parametrize("name", ["event_id", "run", "job_id", "video_id", "occurred_at", "trace"])
def test_a_message_without_its_envelope_is_refused(topic: Topic, name: str) -> None:
    broken = sample(topic)
    del broken[name]
    with pytest.raises(ValueError, match=name):
        model_of(topic).model_validate(broken)


@pytest.mark.parametrize("topic", STAGE_TOPICS, ids=lambda topic: topic.name)
def test_the_envelope_alone_can_be_read_from_any_message(topic: Topic) -> None:
    assert str(Event.model_validate(sample(topic)).run) == sample(topic)["run"]
