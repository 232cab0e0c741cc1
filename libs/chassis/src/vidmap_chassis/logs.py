"""Structured logs: one line an event, with the same fields in every service.

Every line carries `service`, and inside a handler `job_id`, `video_id`, `stage`, `attempt` and `trace_id`.
Nothing secret and no message bodies.
"""

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager

import structlog
from structlog.typing import Processor

from vidmap_chassis.settings import TelemetrySettings

# Their INFO lines come once per record or per poll, and halve the throughput.
_CHATTY = ("aiokafka", "alembic", "faststream", "httpx", "uvicorn")


def configure_logging(service: str, settings: TelemetrySettings) -> None:
    """Send structlog and the standard library's loggers to stderr in one format.

    Args:
        service: name that every line carries.
        settings: level and format.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    as_json = settings.log_format == "json"
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        # Plain tracebacks: the ones with local variables would show what must not be in a log.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_json:
        last.append(structlog.processors.format_exc_info)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*last, renderer]))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(service=service)


@contextmanager
def log_context(**fields: object) -> Generator[None]:
    """Bind fields to every line that is logged inside."""
    with structlog.contextvars.bound_contextvars(**fields):
        yield
