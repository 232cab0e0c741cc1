"""Failed records come back when they should, on a real broker and through the real relay."""

import time
from collections.abc import Callable
from itertools import pairwise
from uuid import UUID

from tests.integration.chassis.conftest import submitted, until
from tests.integration.chassis.test_stage_delivery import relaying

from vidmap_chassis.delivery import Delivery
from vidmap_chassis.errors import RateLimitedError, TransientError, WaitError
from vidmap_chassis.publisher import EventPublisher
from vidmap_chassis.settings import KafkaSettings
from vidmap_chassis.stage import StageApp
from vidmap_contracts.job import Stage
from vidmap_contracts.topics import VIDEO_SUBMITTED
from vidmap_contracts.video import VideoSubmitted

CreateStage = Callable[..., StageApp]


async def test_delays_double_and_an_error_that_names_its_time_gets_it(
    kafka: KafkaSettings, create_stage: CreateStage, publisher: EventPublisher
) -> None:
    app = create_stage("delays")
    doubling, limited, long = submitted("doubling"), submitted("limited"), submitted("long")
    failures = {
        doubling.run: [TransientError("x", "Again.")] * 3,
        limited.run: [RateLimitedError("rate_limited", "Slower.", 5)],
        long.run: [RateLimitedError("rate_limited", "Much slower.", 3600)],
    }
    starts: dict[UUID, list[tuple[int, float]]] = {run: [] for run in failures}

    async def on_video(event: VideoSubmitted, delivery: Delivery) -> None:
        if event.run in starts:
            starts[event.run].append((delivery.attempt, time.time()))
            if len(starts[event.run]) <= len(failures[event.run]):
                raise failures[event.run][len(starts[event.run]) - 1]

    app.consume(VIDEO_SUBMITTED, on_video, stage=Stage.METADATA_EXTRACTION)
    async with relaying(kafka):
        await app.start()
        for event in (long, limited, doubling):  # the long wait comes first and holds up none of the others
            await publisher.publish(event)
        await until(lambda: len(starts[doubling.run]) == 4 and len(starts[limited.run]) == 2, "every attempt")
    assert [attempt for attempt, _ in starts[doubling.run]] == [0, 1, 2, 3]
    gaps = [after - before for (_, before), (_, after) in pairwise(starts[doubling.run])]
    assert all(wanted <= gap <= wanted + 1 for wanted, gap in zip((2, 4, 8), gaps, strict=True)), gaps
    waited = starts[limited.run][1][1] - starts[limited.run][0][1]
    assert 5 <= waited <= 6
    assert len(starts[long.run]) == 1


async def test_waiting_for_something_that_is_away_is_no_attempt(
    kafka: KafkaSettings, create_stage: CreateStage, publisher: EventPublisher
) -> None:
    app, event, attempts = create_stage("away", max_retries=0), submitted("away"), list[int]()

    async def on_video(got: VideoSubmitted, delivery: Delivery) -> None:
        if got.run == event.run:
            attempts.append(delivery.attempt)
            if len(attempts) < 3:
                raise WaitError("database_unavailable", "The database is away.", retry_after=1)

    app.consume(VIDEO_SUBMITTED, on_video, stage=Stage.METADATA_EXTRACTION)
    async with relaying(kafka):
        await app.start()
        await publisher.publish(event)
        await until(lambda: len(attempts) == 3, "the third look")
    assert attempts == [0, 0, 0]
