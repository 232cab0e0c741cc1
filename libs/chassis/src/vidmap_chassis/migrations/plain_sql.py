"""Runs a file of plain SQL in the migration's own transaction."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only


def run_file(path: Path) -> None:
    """Run all statements of a file.

    asyncpg prepares what it is given through SQLAlchemy, one statement at a time; its own `execute` takes a script.
    """
    bind = op.get_bind()
    raw = bind.connection.driver_connection
    if raw is None:
        raise RuntimeError("migrations need a live connection")
    await_only(raw.execute(path.read_text(encoding="utf-8")))
