"""Creates topics, and says what differs from `vidmap_contracts.topics`: `python -m vidmap_chassis.topics [--check]`."""

import argparse
import asyncio
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, KafkaTimeoutError, TopicAlreadyExistsError, for_code

from vidmap_chassis.logs import configure_logging
from vidmap_chassis.settings import KafkaSettings, TelemetrySettings
from vidmap_contracts.topics import ALL_TOPICS, Topic

log = structlog.get_logger()

_OFFSETS_S = 10.0


async def missing_topics(settings: KafkaSettings, wanted: Iterable[Topic]) -> list[str]:
    """Names of the topics that the broker does not have; all of them while it is away."""
    names = [topic.name for topic in wanted]
    client = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    try:
        await client.start()
        present = set(await client.list_topics())
    except (KafkaError, OSError):
        return names
    finally:
        await client.close()
    return [name for name in names if name not in present]


async def create_topics(settings: KafkaSettings, wanted: Iterable[Topic]) -> list[str]:
    """Create the topics that are missing; returns their names.

    Raises:
        KafkaError: the broker is away, or refused one.
    """
    client = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    await client.start()
    try:
        present = set(await client.list_topics())
        new = [_new_topic(topic, settings.replication_factor) for topic in wanted if topic.name not in present]
        if new:
            response = await client.create_topics(new)
            for error in response.topic_errors:  # pyright: ignore[reportAttributeAccessIssue]  # made at run time
                _raise_unless_there(error[0], error[1])
        return [topic.name for topic in new]
    finally:
        await client.close()


@dataclass(frozen=True, slots=True)
class Drift:
    """Something about a topic that is not as `vidmap_contracts.topics` says."""

    topic: str
    setting: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.setting} is {self.found}, should be {self.wanted}"


async def topic_drift(settings: KafkaSettings, wanted: Iterable[Topic]) -> list[Drift]:
    """What differs on the broker; a topic that is not there is one difference.

    Raises:
        KafkaError: the broker is away.
    """
    client = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    try:
        await client.start()
        present = set(await client.list_topics())
        found = {topic.name: await _found(client, topic.name) for topic in wanted if topic.name in present}
    finally:
        await client.close()
    return [drift for topic in wanted for drift in _compare(topic, found.get(topic.name))]


async def _found(client: AIOKafkaAdminClient, name: str) -> dict[str, str]:
    described = await client.describe_topics([name])
    answers: Any = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    config = {entry[0]: entry[1] for answer in answers for resource in answer.resources for entry in resource[4]}
    return {**config, "partitions": str(len(described[0]["partitions"]))}


def _compare(topic: Topic, found: dict[str, str] | None) -> list[Drift]:
    if found is None:
        return [Drift(topic.name, "topic", "there", "missing")]
    wanted = {"partitions": str(topic.partitions), **_config(topic)}
    return [
        Drift(topic.name, setting, value, found.get(setting, "not set"))
        for setting, value in wanted.items()
        if found.get(setting) != value
    ]


async def end_offsets(settings: KafkaSettings, topic: Topic) -> dict[int, int]:
    """The offset after the last record, by partition.

    Raises:
        KafkaError: the broker is away, or the topic is not there.
    """
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap_servers)
    partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
    try:
        async with asyncio.timeout(_OFFSETS_S):  # aiokafka asks for ever for a topic that is not there
            await consumer.start()
            ends = await consumer.end_offsets(partitions)
    except TimeoutError as error:
        raise KafkaTimeoutError(f"no offsets of {topic.name} within {_OFFSETS_S:g} s") from error
    finally:
        await consumer.stop()
    return {where.partition: offset for where, offset in ends.items()}


def _new_topic(topic: Topic, replication: int) -> NewTopic:
    return NewTopic(topic.name, topic.partitions, replication, topic_configs=_config(topic))


def _config(topic: Topic) -> dict[str, str]:
    limits = {"retention.ms": str(topic.retention_ms), "max.message.bytes": str(topic.max_message_bytes)}
    return limits | topic.config


def _raise_unless_there(name: str, code: int) -> None:
    if code and for_code(code) is not TopicAlreadyExistsError:
        raise for_code(code)(name)


async def apply_topics(settings: KafkaSettings, *, check: bool) -> int:
    """Create what is missing (unless `check`) and report what differs; returns the exit status.

    0: all is as it should be; 1: the broker is away, or something differs.
    """
    try:
        created = [] if check else await create_topics(settings, ALL_TOPICS)
        drifts = await topic_drift(settings, ALL_TOPICS)
    except (KafkaError, OSError) as error:
        log.error("no topics: is Kafka up?", servers=settings.bootstrap_servers, error=str(error) or repr(error))
        return 1
    for drift in drifts:
        log.warning("topic differs", topic=drift.topic, setting=drift.setting, wanted=drift.wanted, found=drift.found)
    log.info("topics", all=len(ALL_TOPICS), created=len(created), differing=len({drift.topic for drift in drifts}))
    return 1 if drifts else 0


def main() -> None:
    """Create and verify the topics; `--check` only verifies."""
    options = argparse.ArgumentParser(description="Create and verify the topics of vidmap.")
    options.add_argument("--check", action="store_true", help="create nothing")
    configure_logging("topics", TelemetrySettings())
    sys.exit(asyncio.run(apply_topics(KafkaSettings(), check=options.parse_args().check)))


if __name__ == "__main__":
    main()
