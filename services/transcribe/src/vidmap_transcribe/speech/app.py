"""The wiring of the speech worker."""

from vidmap_chassis.artefacts import Artefacts
from vidmap_chassis.clock import utc_now
from vidmap_chassis.postgres import Database
from vidmap_chassis.settings import models_dir
from vidmap_chassis.stage import StageApp
from vidmap_transcribe.adapters.artefacts import ArtefactStore
from vidmap_transcribe.adapters.whisper import Whisper, find_model
from vidmap_transcribe.metrics import SpeechMetrics
from vidmap_transcribe.settings import SpeechSettings
from vidmap_transcribe.speech import handlers
from vidmap_transcribe.speech.service import Recognition

SERVICE = "speech"


def create_app(settings: SpeechSettings) -> StageApp:
    """The speech worker, ready to run, with its model loaded.

    Raises:
        SpeechModelError: the model is not there.
    """
    whisper = Whisper(find_model(settings.speech_model.model, models_dir()), settings.in_flight)
    app = StageApp(SERVICE, settings)
    database = Database(settings.postgres, SERVICE)
    app.on_startup(database.open)
    app.on_shutdown(database.close)
    app.on_shutdown(whisper.aclose)
    app.check("postgres", database.ping)
    recognition = Recognition(ArtefactStore(Artefacts(database)), whisper, utc_now)
    handlers.register(app, recognition, SpeechMetrics(app.registry))
    return app
