"""Kafka in: one subscriber."""

from vidmap_chassis.delivery import Delivery
from vidmap_chassis.stage import StageApp
from vidmap_contracts import topics
from vidmap_contracts.content import ContentAnalyzed
from vidmap_contracts.job import Stage
from vidmap_mindmap.service import Drawing

# It takes milliseconds: what takes longer is stuck.
_TIMEOUT_S = 60


def register(app: StageApp, drawing: Drawing) -> None:
    """Subscribe to analysed content."""

    async def on_content_analyzed(event: ContentAnalyzed, delivery: Delivery) -> None:
        async with delivery.reporting():
            await delivery.publish(drawing.draw(event))

    app.consume(topics.CONTENT_ANALYZED, on_content_analyzed, stage=Stage.MINDMAP_GENERATION, timeout=_TIMEOUT_S)
