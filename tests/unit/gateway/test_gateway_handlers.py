"""What the gateway makes of Kafka records."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from prometheus_client import CollectorRegistry

from vidmap_chassis.records import RawRecord
from vidmap_contracts import headers, topics
from vidmap_contracts.job import Stage
from vidmap_gateway import handlers
from vidmap_gateway.domain import Burial
from vidmap_gateway.errors import database_away
from vidmap_gateway.metrics import GatewayMetrics

RUN = uuid4()
TOLD = {
    headers.ORIGIN_TOPIC: "video.submitted.v1",
    headers.ORIGIN_PARTITION: "3",
    headers.ORIGIN_OFFSET: "41",
    headers.ERROR_CODE: "private",
    headers.ERROR_MESSAGE: "The video is private.",
    headers.STAGE: "metadata_extraction",
    headers.SERVICE: "metadata",
    headers.FAILED_AT: "1767312000.5",
}


def dead_letter(value: bytes | None = None, told: dict[str, str] | None = None) -> RawRecord:
    body = json.dumps({"run": str(RUN)}).encode() if value is None else value
    return RawRecord("dead-letter.v1", 0, 9, b"key", body, TOLD if told is None else told)


class FakeStage:
    def __init__(self) -> None:
        self.handlers: dict[str, Any] = {}

    def consume(self, topic: topics.Topic, handler: Any, *, in_flight: int, **_: object) -> None:
        assert in_flight == 1  # reports of one job are applied in their order
        self.handlers[topic.name] = handler

    consume_raw = consume


class FakeProjector:
    def __init__(self) -> None:
        self.buried: list[Burial] = []

    async def bury(self, burial: Burial) -> None:
        self.buried.append(burial)


async def bury(record: RawRecord, registry: CollectorRegistry) -> list[Burial]:
    stage, projector = FakeStage(), FakeProjector()
    parts: Any = (stage, projector)
    handlers.register(*parts, GatewayMetrics(registry))
    await stage.handlers["dead-letter.v1"](record, None)
    return projector.buried


async def test_reason_is_told_when_dead_letter_names_a_run() -> None:
    (burial,) = await bury(dead_letter(), CollectorRegistry())
    assert (burial.run, burial.code, burial.message, burial.action) == (RUN, "private", "The video is private.", None)
    assert burial.stage is Stage.METADATA_EXTRACTION
    assert burial.occurred_at.timestamp() == 1767312000.5


async def test_action_is_told_when_operator_is_needed() -> None:
    told = TOLD | {headers.NEEDS_OPERATOR: "Renew the cookies."}
    (burial,) = await bury(dead_letter(told=told), CollectorRegistry())
    assert burial.action == "Renew the cookies."


def test_same_id_is_given_when_dead_letter_comes_again() -> None:
    first, again = handlers.burial_of(dead_letter()), handlers.burial_of(dead_letter())
    other = handlers.burial_of(dead_letter(told=TOLD | {headers.ORIGIN_OFFSET: "42"}))
    assert first is not None
    assert other is not None
    assert again == first
    assert other.event_id != first.event_id


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b'{"run": 3}', b'{"run": "x"}', b"\xff\xfe"])
async def test_dead_letter_is_counted_when_it_names_no_run(value: bytes) -> None:
    registry = CollectorRegistry()
    assert await bury(dead_letter(value), registry) == []
    assert registry.get_sample_value("vidmap_gateway_unreadable_dead_letters_total") == 1


async def test_run_goes_on_when_dead_letter_was_only_a_report() -> None:
    told = TOLD | {headers.ORIGIN_TOPIC: topics.JOB_PROGRESSED.name}
    assert await bury(dead_letter(told=told), CollectorRegistry()) == []


async def test_reason_has_words_when_headers_are_missing() -> None:
    (burial,) = await bury(dead_letter(told={headers.FAILED_AT: "yesterday"}), CollectorRegistry())
    assert (burial.code, burial.stage) == ("internal_error", None)
    assert burial.message
    assert isinstance(burial.event_id, UUID)


async def test_record_is_held_when_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "_SHORTEST_WAIT_S", 0.0)
    attempts = 0

    async def apply() -> None:
        nonlocal attempts
        attempts += 1
        if attempts < 4:
            raise database_away()

    await handlers.held(apply)
    assert attempts == 4
