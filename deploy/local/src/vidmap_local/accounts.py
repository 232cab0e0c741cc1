"""Running a server as somebody else than root, and the places which that user can reach.

Postgres refuses to run as root. Under root it therefore runs as `nobody`, and its programs and its data have to be
where `nobody` can get at them: not in a checkout below /root (mode 0700). Nothing here changes the mode of a folder
that belongs to the user; what cannot be reached is kept in a place of our own instead.
"""

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidmap_local.errors import FinalStartError

_NOBODY = 65534
_PLACES = (Path("/var/lib/vidmap"), Path("/var/tmp/vidmap"))  # noqa: S108  # only when root owns it, see `shared_place`


@dataclass(frozen=True)
class Account:
    """A user and group to run a process as."""

    uid: int
    gid: int

    def for_subprocess(self) -> dict[str, Any]:
        """Arguments for `subprocess` that give up root before the program starts."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def unprivileged_account() -> Account | None:
    """`nobody` when we are root; None where we are an ordinary user already."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Account(_NOBODY, _NOBODY)
    return Account(entry.pw_uid, entry.pw_gid)


def can_run(command: list[str], account: Account) -> bool:
    """Whether the account can run the command; asked by running it, which also covers access lists."""
    try:
        finished = subprocess.run(command, capture_output=True, cwd="/", timeout=30, **account.for_subprocess())
    except (PermissionError, FileNotFoundError):
        return False
    return finished.returncode == 0


def can_enter(folder: Path, account: Account) -> bool:
    """Whether the account can get into the folder.

    Raises:
        FinalStartError: where this system does not let us become that account at all.
    """
    if not can_run(["/bin/sh", "-c", "exit 0"], account):
        raise FinalStartError(
            "Postgres does not run as root, and this system does not let root become another user. "
            "Run vidmap as an ordinary user, or set DATABASE_URL to a Postgres of your own."
        )
    return can_run(["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)], account)


def shared_place(account: Account) -> Path:
    """A folder of root's that the account can enter: for what a private folder cannot hold.

    Raises:
        FinalStartError: where there is none.
    """
    for place in _PLACES:
        if _made_by_root(place) and can_enter(place, account):
            return place
    raise FinalStartError(
        "Postgres does not run as root, and there is no place that another user could reach (tried "
        f"{', '.join(map(str, _PLACES))}). Run vidmap as an ordinary user, use --state-dir, or set DATABASE_URL."
    )


def _made_by_root(place: Path) -> bool:
    try:
        place.mkdir(mode=0o755)
        place.chmod(0o755)  # whatever the umask is
    except FileExistsError:
        pass
    except OSError:
        return False
    found = place.lstat()
    # In a world-writable parent somebody else may have put it there first.
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022
