"""The broker, as the dispatcher and the reconciler see it."""

import asyncio

from aiokafka.errors import KafkaError

from vidmap_chassis.stage import StageApp
from vidmap_contracts.event import Event
from vidmap_contracts.topics import BY_EVENT
from vidmap_contracts.video import VideoSubmitted
from vidmap_gateway.domain import LogPosition
from vidmap_gateway.errors import broker_away

# A run is locked while its message is published: better to try again than to hold it for long.
TIMEOUT_S = 10.0


class KafkaBroker:
    """Publishes through the stage's producer."""

    def __init__(self, stage: StageApp) -> None:
        self._stage = stage

    async def publish(self, event: VideoSubmitted) -> LogPosition:
        """Publish; returns where the broker put the record.

        Raises:
            PublishError: the broker is away, was not there yet, or did not confirm within ten seconds.
        """
        try:
            async with asyncio.timeout(TIMEOUT_S):
                placed = await self._stage.publish(event)
        except (KafkaError, OSError, TimeoutError, RuntimeError) as error:
            raise broker_away() from error
        return LogPosition(placed.partition, placed.offset)

    async def end_offsets(self, event: type[Event]) -> dict[int, int]:
        """Partition to the next offset of the event's topic.

        Raises:
            PublishError: the broker is away.
        """
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._stage.end_offsets(BY_EVENT[event])
        except (KafkaError, OSError, TimeoutError) as error:
            raise broker_away() from error
