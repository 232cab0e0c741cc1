"""The `vidmap` command: what talks to a gateway, and what other packages add."""

from importlib.metadata import entry_points

import typer
from rich.console import Console

from vidmap_client import commands

GROUP = "vidmap.commands"


def create_app() -> typer.Typer:
    """The command with all its subcommands."""
    app = typer.Typer(
        name="vidmap",
        help="From a YouTube URL to a mind map linked to the seconds of the video.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.command("submit")(commands.submit)
    app.command("status")(commands.status)
    app.command("map")(commands.show_map)
    app.command("check-url")(commands.check_url)
    _add_commands(app)
    return app


def _add_commands(app: typer.Typer) -> None:
    """Commands of packages that are installed beside this one; one that cannot be loaded stops no other."""
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            app.command(entry.name)(entry.load())
        except ImportError as error:
            note = f"The command `{entry.name}` is not available: {error}"
            Console(stderr=True).print(note, markup=False, highlight=False, style="yellow")


def main() -> None:
    """Run the command."""
    create_app()()


if __name__ == "__main__":
    main()
