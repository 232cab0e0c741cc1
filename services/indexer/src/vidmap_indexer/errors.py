"""What can go wrong while a result is stored."""

from vidmap_chassis.errors import TransientError


def database_away() -> TransientError:
    """Postgres does not answer."""
    return TransientError("database_unavailable", "The database is away. The result is stored as soon as it is back.")
