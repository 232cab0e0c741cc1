"""A stage on a real broker: nothing lost, nothing held up, failures go where they belong."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry
from tests.integration.chassis.conftest import submitted, until

from vidmap_chassis.delivery import Delivery
from vidmap_chassis.errors import PermanentError, TransientError
from vidmap_chassis.publisher import EventPublisher
from vidmap_chassis.records import RawRecord, run_of
from vidmap_chassis.relay import Relay
from vidmap_chassis.settings import KafkaSettings
from vidmap_chassis.stage import StageApp
from vidmap_contracts import headers as names
from vidmap_contracts.job import JobProgressed, ProgressState, Stage
from vidmap_contracts.topics import DEAD_LETTER, JOB_PROGRESSED, VIDEO_SUBMITTED
from vidmap_contracts.video import VideoSubmitted

CreateStage = Callable[..., StageApp]


@asynccontextmanager
async def relaying(kafka: KafkaSettings) -> AsyncIterator[None]:
    relay = Relay(kafka, EventPublisher(kafka, "test-relay"), CollectorRegistry())
    running = asyncio.create_task(relay.run())
    yield
    relay.stop()
    await running


async def test_short_records_do_not_wait_when_one_in_their_partition_is_slow(
    create_stage: CreateStage, publisher: EventPublisher
) -> None:
    app, release, done = create_stage("slow", in_flight=4), asyncio.Event(), set[str]()
    mine = {str(number) for number in range(40)}

    async def on_video(event: VideoSubmitted, _: Delivery) -> None:
        if event.trace == "slow":
            await release.wait()
        done.add(event.trace)

    app.consume(VIDEO_SUBMITTED, on_video, stage=Stage.METADATA_EXTRACTION)
    await app.start()
    for note in ["slow", *sorted(mine)]:
        event = submitted(note)
        value = event.model_dump_json().encode()
        await publisher.send(VIDEO_SUBMITTED.name, value, key=b"one partition")
    await until(lambda: mine <= done, "the short records")
    assert "slow" not in done
    release.set()
    await until(lambda: "slow" in done, "the slow record")


async def test_nothing_is_lost_when_a_stage_stops_in_the_middle(
    create_stage: CreateStage, publisher: EventPublisher
) -> None:
    first, second, done, begun = create_stage("stopped"), create_stage("stopped"), set[str](), asyncio.Event()
    mine = {f"stop-{number}" for number in range(30)}

    async def on_video_never(event: VideoSubmitted, _: Delivery) -> None:
        if event.trace == "stop-3":
            begun.set()
            await asyncio.Event().wait()

    async def on_video(event: VideoSubmitted, _: Delivery) -> None:
        done.add(event.trace)

    first.consume(VIDEO_SUBMITTED, on_video_never, stage=Stage.METADATA_EXTRACTION)
    second.consume(VIDEO_SUBMITTED, on_video, stage=Stage.METADATA_EXTRACTION)
    await first.start()
    for note in sorted(mine):
        await publisher.publish(submitted(note))
    await asyncio.wait_for(begun.wait(), 30)
    await first.stop()
    await second.start()
    await until(lambda: "stop-3" in done, "the record that was handed back")


async def test_a_transient_failure_waits_two_seconds_and_goes_on(
    kafka: KafkaSettings, create_stage: CreateStage, publisher: EventPublisher
) -> None:
    app, starts = create_stage("flaky"), list[tuple[int, float]]()
    event, reports = submitted("flaky"), list[JobProgressed]()

    async def on_video(got: VideoSubmitted, delivery: Delivery) -> None:
        if got.run != event.run:
            return
        starts.append((delivery.attempt, time.time()))
        if delivery.attempt == 0:
            raise TransientError("upstream_5xx", "YouTube had a problem.")
        async with delivery.reporting():
            pass

    async def on_report(report: JobProgressed, _: Delivery) -> None:
        if report.run == event.run:
            reports.append(report)

    app.consume(VIDEO_SUBMITTED, on_video, stage=Stage.METADATA_EXTRACTION)
    app.consume(JOB_PROGRESSED, on_report, stage=Stage.METADATA_EXTRACTION, group="flaky-reports")
    async with relaying(kafka):
        await app.start()
        await publisher.publish(event)
        await until(lambda: len(reports) == 3, "three reports")
    assert [attempt for attempt, _ in starts] == [0, 1]
    assert starts[1][1] - starts[0][1] >= 2
    told = {report.state: report for report in reports}
    assert set(told) == {ProgressState.RETRYING, ProgressState.STARTED, ProgressState.FINISHED}
    assert told[ProgressState.RETRYING].code == "upstream_5xx"
    assert told[ProgressState.RETRYING].next_retry_at is not None
    assert told[ProgressState.FINISHED].progress == 20


@pytest.mark.parametrize(
    "value", [b"{not json", b'{"run": "short"}', None, b"\xff"], ids=["json", "shape", "null", "utf8"]
)
async def test_poison_ends_in_the_dead_letter_topic_and_others_go_on(
    create_stage: CreateStage, publisher: EventPublisher, value: bytes | None, request: pytest.FixtureRequest
) -> None:
    group = f"poison-{request.node.callspec.id}"
    app, done, buried, good = create_stage(group), set[UUID](), list[RawRecord](), submitted("good")

    async def on_video(event: VideoSubmitted, _: Delivery) -> None:
        done.add(event.run)

    async def on_dead_letter(record: RawRecord, _: Delivery) -> None:
        if record.headers[names.SERVICE] == group and record.key == b"poison" and record.value == value:
            buried.append(record)

    app.consume(VIDEO_SUBMITTED, on_video, stage=Stage.METADATA_EXTRACTION)
    app.consume_raw(DEAD_LETTER, on_dead_letter, group=f"{group}-graves")
    await app.start()
    await publisher.send(VIDEO_SUBMITTED.name, value, key=b"poison")
    await publisher.send(VIDEO_SUBMITTED.name, good.model_dump_json().encode(), key=b"poison")
    await until(lambda: good.run in done and len(buried) >= 1, "the good record and the dead letter")
    assert buried[0].headers[names.ERROR_CODE] == "undecodable"
    assert buried[0].headers[names.ORIGIN_TOPIC] == VIDEO_SUBMITTED.name
    assert buried[0].headers[names.ATTEMPT] == "1"


async def test_a_permanent_error_tells_its_code_and_sentence_in_the_dead_letter(
    create_stage: CreateStage, publisher: EventPublisher
) -> None:
    app, event, buried = create_stage("permanent"), submitted("permanent"), list[RawRecord]()

    async def on_video(got: VideoSubmitted, _: Delivery) -> None:
        if got.run == event.run:
            raise PermanentError("private", "This video is private.")

    async def on_dead_letter(record: RawRecord, _: Delivery) -> None:
        if run_of(record.value) == event.run:
            buried.append(record)

    app.consume(VIDEO_SUBMITTED, on_video, stage=Stage.METADATA_EXTRACTION)
    app.consume_raw(DEAD_LETTER, on_dead_letter, group="permanent-graves")
    await app.start()
    await publisher.publish(event)
    await until(lambda: bool(buried), "the dead letter")
    assert buried[0].headers[names.ERROR_CODE] == "private"
    assert buried[0].headers[names.ERROR_MESSAGE] == "This video is private."
    assert names.NEEDS_OPERATOR not in buried[0].headers


async def test_a_handler_that_hangs_is_cut_off_and_retried(
    kafka: KafkaSettings, create_stage: CreateStage, publisher: EventPublisher
) -> None:
    app, event, attempts = create_stage("hanging"), submitted("hanging"), list[int]()

    async def on_video(got: VideoSubmitted, delivery: Delivery) -> None:
        if got.run == event.run:
            attempts.append(delivery.attempt)
            if delivery.attempt == 0:
                await asyncio.Event().wait()

    app.consume(VIDEO_SUBMITTED, on_video, stage=Stage.METADATA_EXTRACTION, timeout=0.5)
    async with relaying(kafka):
        await app.start()
        await publisher.publish(event)
        await until(lambda: attempts == [0, 1], "the second attempt")


async def test_a_partition_pauses_when_its_newest_record_is_far_past_the_oldest_open_one(
    create_stage: CreateStage, publisher: EventPublisher
) -> None:
    app, release, seen = create_stage("ahead", in_flight=50, max_ahead=10), asyncio.Event(), set[str]()
    mine = [f"ahead-{number:02}" for number in range(40)]

    async def on_video(event: VideoSubmitted, _: Delivery) -> None:
        if event.trace in mine:
            seen.add(event.trace)
            if event.trace == mine[0]:
                await release.wait()

    app.consume(VIDEO_SUBMITTED, on_video, stage=Stage.METADATA_EXTRACTION)
    await app.start()
    for note in mine:
        await publisher.send(VIDEO_SUBMITTED.name, submitted(note).model_dump_json().encode(), key=b"ahead")
    await until(lambda: mine[10] in seen, "the records up to the bound")
    await asyncio.sleep(0.3)  # time in which an unbounded consumer would have taken all
    assert mine[11] not in seen
    release.set()
    await until(lambda: set(mine) <= seen, "the records behind the bound")


async def test_a_run_of_dead_letters_stops_the_stage_and_loses_nothing(
    create_stage: CreateStage, publisher: EventPublisher
) -> None:
    broken, graves = create_stage("broken", in_flight=1, max_retries=0, dead_letter_limit=3), create_stage("graves")
    mine, buried, done = [submitted(f"broken-{number}") for number in range(6)], list[UUID](), set[UUID]()
    runs = [event.run for event in mine]

    async def on_video(event: VideoSubmitted, _: Delivery) -> None:
        if event.run in runs:
            raise ZeroDivisionError

    async def on_dead_letter(record: RawRecord, _: Delivery) -> None:
        if (run := run_of(record.value)) in runs and record.headers[names.SERVICE] == "broken":
            buried.append(run)

    broken.consume(VIDEO_SUBMITTED, on_video, stage=Stage.METADATA_EXTRACTION)
    graves.consume_raw(DEAD_LETTER, on_dead_letter, group="broken-graves")
    await asyncio.gather(broken.start(), graves.start())
    for event in mine:
        await publisher.send(VIDEO_SUBMITTED.name, event.model_dump_json().encode(), key=b"one partition")
    await until(lambda: len(buried) == 3, "three dead letters")
    report = await broken.readiness.report()
    assert "3 dead letters in a row" in report["dead letters of video.submitted.v1"]
    await broken.stop()

    async def on_video_mended(event: VideoSubmitted, _: Delivery) -> None:
        done.add(event.run)

    mended = create_stage("broken")
    mended.consume(VIDEO_SUBMITTED, on_video_mended, stage=Stage.METADATA_EXTRACTION)
    await mended.start()
    await until(lambda: set(runs[3:]) <= done, "the records that were not buried")
    assert buried == runs[:3]
