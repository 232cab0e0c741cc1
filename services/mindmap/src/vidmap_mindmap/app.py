"""The wiring of the mindmap process."""

from vidmap_chassis.clock import utc_now
from vidmap_chassis.stage import StageApp
from vidmap_mindmap import handlers
from vidmap_mindmap.service import Drawing
from vidmap_mindmap.settings import Settings

SERVICE = "mindmap"


def create_app(settings: Settings) -> StageApp:
    """The mindmap service, ready to run."""
    app = StageApp(SERVICE, settings)
    handlers.register(app, Drawing(utc_now))
    return app
