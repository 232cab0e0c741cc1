"""The wiring of the transcribe process."""

from vidmap_chassis.artefacts import Artefacts
from vidmap_chassis.clock import utc_now
from vidmap_chassis.postgres import Database
from vidmap_chassis.settings import models_dir
from vidmap_chassis.stage import StageApp
from vidmap_transcribe import handlers
from vidmap_transcribe.adapters.artefacts import ArtefactStore
from vidmap_transcribe.adapters.audio import PyAvCutter
from vidmap_transcribe.adapters.whisper import find_model
from vidmap_transcribe.adapters.youtube import YouTubeSource
from vidmap_transcribe.metrics import TranscribeMetrics
from vidmap_transcribe.service import Captioning, Transcription
from vidmap_transcribe.settings import Settings
from vidmap_youtube import YouTube

SERVICE = "transcribe"


def create_app(settings: Settings) -> StageApp:
    """The transcribe service, ready to run."""
    app = StageApp(SERVICE, settings)
    database = Database(settings.postgres, SERVICE)
    app.on_startup(database.open)
    app.on_shutdown(database.close)
    app.check("postgres", database.ping)
    store = ArtefactStore(Artefacts(database))
    source = YouTubeSource(YouTube(settings.youtube))
    transcription = Transcription(
        captioning=Captioning(source),
        source=source,
        cutter=PyAvCutter(),
        transcripts=store,
        speech=store,
        lanes=settings.speech.windows_per_job,
        english_only=find_model(settings.speech_model.model, models_dir()).is_english_only,
        clock=utc_now,
    )
    handlers.register(app, transcription, TranscribeMetrics(app.registry), settings.join_in_flight)
    return app
