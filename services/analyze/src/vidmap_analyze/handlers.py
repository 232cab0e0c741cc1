"""Kafka in: one subscriber."""

from vidmap_analyze.service import Analysis
from vidmap_chassis.delivery import Delivery
from vidmap_chassis.stage import StageApp
from vidmap_contracts import topics
from vidmap_contracts.job import Stage
from vidmap_contracts.transcript import TranscriptGenerated

# Twelve hours of speech take about two minutes of one core.
_TIMEOUT_S = 300


def register(app: StageApp, analysis: Analysis) -> None:
    """Subscribe to transcripts."""

    async def on_transcript_generated(event: TranscriptGenerated, delivery: Delivery) -> None:
        async with delivery.reporting():
            await delivery.publish(await analysis.analyze(event))

    app.consume(topics.TRANSCRIPT_GENERATED, on_transcript_generated, stage=Stage.CONTENT_ANALYSIS, timeout=_TIMEOUT_S)
