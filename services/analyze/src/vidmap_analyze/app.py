"""The wiring of the analyze process."""

from vidmap_analyze import handlers
from vidmap_analyze.adapters.artefacts import ArtefactStore
from vidmap_analyze.adapters.processes import WorkerProcesses
from vidmap_analyze.metrics import AnalyzeMetrics
from vidmap_analyze.service import Analysis
from vidmap_analyze.settings import Settings
from vidmap_chassis.artefacts import Artefacts
from vidmap_chassis.clock import utc_now
from vidmap_chassis.postgres import Database
from vidmap_chassis.stage import StageApp

SERVICE = "analyze"


def create_app(settings: Settings) -> StageApp:
    """The analyze service, ready to run."""
    app = StageApp(SERVICE, settings)
    metrics = AnalyzeMetrics(app.registry)
    database = Database(settings.postgres, SERVICE)
    app.on_startup(database.open)
    app.on_shutdown(database.close)
    app.check("postgres", database.ping)
    workers = WorkerProcesses(settings.embedding_model, settings.in_flight, killed=metrics.count_kill)
    app.on_startup(workers.warm)
    app.on_shutdown(workers.close)
    analysis = Analysis(
        analyser=workers,
        store=ArtefactStore(Artefacts(database), settings.embedding_model.name),
        counted=metrics.count,
        clock=utc_now,
    )
    handlers.register(app, analysis)
    return app
