"""Kafka in: one subscriber."""

from vidmap_chassis.delivery import Delivery
from vidmap_chassis.stage import StageApp
from vidmap_contracts import topics
from vidmap_contracts.job import Stage
from vidmap_contracts.video import VideoSubmitted
from vidmap_metadata.service import Extraction

# An extraction and its last resort stay far below this.
_TIMEOUT_S = 300


def register(app: StageApp, extraction: Extraction) -> None:
    """Subscribe to submitted videos."""

    async def on_video_submitted(event: VideoSubmitted, delivery: Delivery) -> None:
        async with delivery.reporting():
            await delivery.publish(await extraction.extract(event))

    app.consume(topics.VIDEO_SUBMITTED, on_video_submitted, stage=Stage.METADATA_EXTRACTION, timeout=_TIMEOUT_S)
