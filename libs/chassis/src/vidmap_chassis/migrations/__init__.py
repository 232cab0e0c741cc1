"""Numbered migrations: a Python file that Alembic finds, beside the SQL file that it runs."""
