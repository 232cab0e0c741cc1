"""Brings the database to the newest schema: `python -m vidmap_chassis.migrate`. Alembic runs plain SQL files."""

import sys
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config

from vidmap_chassis.logs import configure_logging
from vidmap_chassis.settings import PostgresSettings, TelemetrySettings

log = structlog.get_logger()

_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(dsn: str) -> None:
    """Run every migration that the database does not have yet.

    Args:
        dsn: `postgresql://user:password@host:port/database`.

    Raises:
        OSError: Postgres is away.
        asyncpg.PostgresError, sqlalchemy.exc.DBAPIError: a migration failed; its transaction was rolled back.
    """
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["dsn"] = dsn
    command.upgrade(config, "head")


def main() -> int:
    """Migrate the database that DATABASE_URL names."""
    configure_logging("migrate", TelemetrySettings())
    migrate(PostgresSettings().dsn)
    log.info("the schema is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
