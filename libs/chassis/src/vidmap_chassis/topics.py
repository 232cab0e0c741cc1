"""Creates topics, and says what differs from `vidmap_contracts.topics`. `python -m vidmap_chassis.topics` does it."""

import asyncio
import sys
from collections.abc import Iterable

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
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


async def create_topics(settings: KafkaSettings, wanted: Iterable[Topic], replication: int = 1) -> list[str]:
    """Create the topics that are missing; returns their names.

    Raises:
        KafkaError: the broker is away, or refused one.
    """
    client = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    await client.start()
    try:
        present = set(await client.list_topics())
        new = [_new_topic(topic, replication) for topic in wanted if topic.name not in present]
        if new:
            response = await client.create_topics(new)
            for error in response.topic_errors:  # pyright: ignore[reportAttributeAccessIssue]  # made at run time
                _raise_unless_there(error[0], error[1])
        return [topic.name for topic in new]
    finally:
        await client.close()


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
    config = {"retention.ms": str(topic.retention_ms), "max.message.bytes": str(topic.max_message_bytes)}
    return NewTopic(topic.name, topic.partitions, replication, topic_configs=config | topic.config)


def _raise_unless_there(name: str, code: int) -> None:
    if code and for_code(code) is not TopicAlreadyExistsError:
        raise for_code(code)(name)


async def _main() -> int:
    configure_logging("topics", TelemetrySettings())
    settings = KafkaSettings()
    try:
        created = await create_topics(settings, ALL_TOPICS)
    except (KafkaError, OSError) as error:
        log.error("topics not created: is Kafka up?", servers=settings.bootstrap_servers, error=repr(error))
        return 1
    log.info("topics are there", created=len(created), all=len(ALL_TOPICS))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
