"""What the transcribe process does with records: hands them to the use cases and counts what came of it."""

from vidmap_chassis.delivery import Delivery
from vidmap_chassis.stage import StageApp
from vidmap_contracts import topics
from vidmap_contracts.job import ProgressState, Stage
from vidmap_contracts.transcript import SpeechWindowRecognised, Transcript
from vidmap_contracts.video import MetadataExtracted
from vidmap_transcribe.metrics import TranscribeMetrics
from vidmap_transcribe.service import Transcription

_DOWNLOAD_S = 15 * 60
_JOIN_S = 60


def register(app: StageApp, transcription: Transcription, metrics: TranscribeMetrics, join_in_flight: int) -> None:
    """Subscribe to metadata and to recognised windows."""

    def count(transcript: Transcript | None) -> None:
        if transcript is not None:
            metrics.transcripts.labels(transcript.source).inc()

    async def on_metadata_extracted(event: MetadataExtracted, delivery: Delivery) -> None:
        await delivery.progress(ProgressState.STARTED, Stage.TRANSCRIPT_GENERATION.progress_before)
        count(await transcription.begin(event, delivery))

    async def on_speech_window_recognised(event: SpeechWindowRecognised, delivery: Delivery) -> None:
        count(await transcription.join(event, delivery))

    app.consume(
        topics.METADATA_EXTRACTED, on_metadata_extracted, stage=Stage.TRANSCRIPT_GENERATION, timeout=_DOWNLOAD_S
    )
    app.consume(
        topics.SPEECH_WINDOW_RECOGNISED,
        on_speech_window_recognised,
        stage=Stage.TRANSCRIPT_GENERATION,
        timeout=_JOIN_S,
        in_flight=join_in_flight,
        group="transcribe-join",
    )
