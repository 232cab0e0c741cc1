"""The topics on a real broker: created once, and what differs is named."""

from dataclasses import replace

from vidmap_chassis.settings import KafkaSettings
from vidmap_chassis.topics import Drift, apply_topics, create_topics, end_offsets, missing_topics, topic_drift
from vidmap_contracts.topics import ALL_TOPICS, TRANSCRIPT_GENERATED, VIDEO_SUBMITTED


async def test_nothing_differs_when_the_topics_were_created(kafka: KafkaSettings) -> None:
    assert await missing_topics(kafka, ALL_TOPICS) == []
    assert await topic_drift(kafka, ALL_TOPICS) == []
    assert await create_topics(kafka, ALL_TOPICS) == []
    assert await apply_topics(kafka, check=True) == 0


async def test_each_difference_is_named(kafka: KafkaSettings) -> None:
    wanted = replace(TRANSCRIPT_GENERATED, retention_ms=1, partitions=3)
    absent = replace(VIDEO_SUBMITTED, name="nobody.made.this.v1")
    drifts = await topic_drift(kafka, [wanted, absent])
    retention = str(TRANSCRIPT_GENERATED.retention_ms)
    assert drifts == [
        Drift(wanted.name, "partitions", "3", "12"),
        Drift(wanted.name, "retention.ms", "1", retention),
        Drift(absent.name, "topic", "there", "missing"),
    ]
    assert str(drifts[1]) == f"transcript.generated.v1: retention.ms is {retention}, should be 1"


async def test_all_are_missing_and_the_command_fails_when_the_broker_is_away() -> None:
    nowhere = KafkaSettings(bootstrap_servers="127.0.0.1:1", idempotence=False)
    assert await missing_topics(nowhere, [VIDEO_SUBMITTED]) == [VIDEO_SUBMITTED.name]
    assert await apply_topics(nowhere, check=True) == 1


async def test_end_offsets_have_every_partition(kafka: KafkaSettings) -> None:
    assert set(await end_offsets(kafka, VIDEO_SUBMITTED)) == set(range(12))
