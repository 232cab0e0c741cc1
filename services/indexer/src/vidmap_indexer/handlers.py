"""What the indexer hears from Kafka."""

from vidmap_chassis.delivery import Delivery
from vidmap_chassis.stage import StageApp
from vidmap_contracts import topics
from vidmap_contracts.job import Stage
from vidmap_contracts.mindmap import MindmapGenerated
from vidmap_indexer.service import Indexing


def register(app: StageApp, service: Indexing) -> None:
    """Consume finished maps."""

    async def on_mindmap_generated(event: MindmapGenerated, delivery: Delivery) -> None:
        async with delivery.reporting(Stage.DATA_STORAGE):
            await service.store(event)
        async with delivery.reporting(Stage.INDEXING):
            indexed = service.indexed(event)
        await delivery.publish(indexed)

    app.consume(topics.MINDMAP_GENERATED, on_mindmap_generated, stage=Stage.DATA_STORAGE)
