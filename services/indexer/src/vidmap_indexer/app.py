"""The only wiring of the indexer."""

from vidmap_chassis.clock import utc_now
from vidmap_chassis.postgres import Database
from vidmap_chassis.stage import StageApp
from vidmap_indexer import handlers
from vidmap_indexer.adapters.postgres import PostgresVideoStore
from vidmap_indexer.service import Indexing
from vidmap_indexer.settings import Settings


def create_app(settings: Settings) -> StageApp:
    """The indexer, ready to run."""
    app = StageApp("indexer", settings)
    database = Database(settings.postgres, "vidmap-indexer")
    app.on_startup(database.open)
    app.on_shutdown(database.close)
    app.check("postgres", database.ping)
    handlers.register(app, Indexing(PostgresVideoStore(database), utc_now))
    return app
