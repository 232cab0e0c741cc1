"""The wiring of the metadata process."""

from datetime import timedelta

from vidmap_chassis.artefacts import Artefacts
from vidmap_chassis.clock import utc_now
from vidmap_chassis.postgres import Database
from vidmap_chassis.stage import StageApp
from vidmap_metadata import handlers
from vidmap_metadata.adapters.artefacts import ArtefactStore
from vidmap_metadata.adapters.data_api import DataApiSource
from vidmap_metadata.adapters.http import HttpClient, create_http_client
from vidmap_metadata.adapters.oembed import OEmbedSource
from vidmap_metadata.adapters.yt_dlp import YtDlpSource
from vidmap_metadata.metrics import MetadataMetrics
from vidmap_metadata.service import Chain, Extraction
from vidmap_metadata.settings import Settings
from vidmap_youtube import YouTube

SERVICE = "metadata"


def create_app(settings: Settings) -> StageApp:
    """The metadata service, ready to run."""
    app = StageApp(SERVICE, settings)
    database = Database(settings.postgres, SERVICE)
    app.on_startup(database.open)
    app.on_shutdown(database.close)
    app.check("postgres", database.ping)
    client = create_http_client(settings.youtube.proxy, settings.youtube.ca_file, settings.http_timeout)
    app.on_shutdown(client.aclose)
    extraction = Extraction(
        chain=create_chain(settings, client, MetadataMetrics(app.registry)),
        store=ArtefactStore(Artefacts(database), timedelta(hours=settings.cache_hours)),
        max_duration=settings.max_duration,
        clock=utc_now,
    )
    handlers.register(app, extraction)
    return app


def create_chain(settings: Settings, client: HttpClient, metrics: MetadataMetrics) -> Chain:
    """Data API (with a key), then yt-dlp, then oEmbed."""
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    return Chain(
        first=DataApiSource(client, key) if key else None,
        main=YtDlpSource(YouTube(settings.youtube)),
        last=OEmbedSource(client),
        outcome=metrics.count,
    )
