"""A Kafka record as the chassis passes it on: no client types, headers as text."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord

from vidmap_contracts import headers as names
from vidmap_contracts.event import Event


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record, undecoded."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def attempt(self) -> int:
        """How often this record failed before."""
        text = self.headers.get(names.ATTEMPT, "0")
        return int(text) if text.isdecimal() else 0


def raw_record(record: "ConsumerRecord[Any, Any]") -> RawRecord:
    """The record without its client's types; header bytes that are not UTF-8 are replaced."""
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
    return RawRecord(record.topic, record.partition, record.offset, record.key, record.value, headers)


def envelope(value: bytes | None) -> Event | None:
    """What can be told of the job from an event's JSON, or None where it cannot be read."""
    try:
        return Event.model_validate_json(value or b"")
    except ValueError:
        return None


def run_of(value: bytes | None) -> UUID | None:
    """The run that a record is about, or None where it cannot be read. Less picky than `envelope`."""
    try:
        return UUID(str(json.loads(value or b"")["run"]))
    except (ValueError, KeyError, TypeError):
        return None
