"""What the speech worker does with records."""

import time

from vidmap_chassis.delivery import Delivery
from vidmap_chassis.stage import StageApp
from vidmap_contracts import topics
from vidmap_contracts.job import Stage
from vidmap_contracts.transcript import SpeechWindowRequested
from vidmap_transcribe.metrics import SpeechMetrics
from vidmap_transcribe.speech.service import Recognition


def register(app: StageApp, recognition: Recognition, metrics: SpeechMetrics) -> None:
    """Subscribe to windows that wait to be recognised."""

    async def on_speech_window_requested(event: SpeechWindowRequested, delivery: Delivery) -> None:
        began = time.perf_counter()
        await delivery.publish(await recognition.recognise(event))
        metrics.window_seconds.observe(time.perf_counter() - began)
        metrics.audio_seconds.inc(event.duration)

    app.consume(topics.SPEECH_WINDOW_REQUESTED, on_speech_window_requested, stage=Stage.TRANSCRIPT_GENERATION)
