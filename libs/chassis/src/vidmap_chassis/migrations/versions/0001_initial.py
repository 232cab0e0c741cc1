"""The first schema: 0001_initial.sql."""

from pathlib import Path

from vidmap_chassis.migrations.plain_sql import run_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the schema."""
    run_file(Path(__file__).with_suffix(".sql"))
