"""The state folder, `run.json` and ports."""

import os
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from vidmap_local.errors import AlreadyRunningError, LocalError
from vidmap_local.ports import DEFAULT_GATEWAY_PORT, LOOPBACK, free_ports, gateway_port, is_free
from vidmap_local.records import ProcessRecord, RunRecord, StateFolder, write_atomically
from vidmap_local.secret import kept_password

HOLD = """
import sys
from pathlib import Path
from vidmap_local.records import StateFolder
with StateFolder(Path(sys.argv[1])).held():
    print("held", flush=True)
    sys.stdin.read()
"""


def record(*processes: ProcessRecord) -> RunRecord:
    return RunRecord(
        gateway="http://127.0.0.1:8642", supervisor_pid=1, started_at=datetime.now(UTC), processes=processes
    )


def sleeper() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["sleep", "600"], start_new_session=True)


def test_folder_is_refused_when_another_process_holds_it(tmp_path: Path) -> None:
    state = StateFolder(tmp_path / "state")
    command = [sys.executable, "-c", HOLD, str(state.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        state.write(record())
        with pytest.raises(AlreadyRunningError, match=r"already runs .* serves http://127.0.0.1:8642"), state.held():
            pass
        holder.kill()
    with state.held():  # the lock went with the process
        assert state.read() == state.read()


def test_folder_is_refused_when_it_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalError, match="cannot be used"), StateFolder(tmp_path / "file" / "state").held():
        pass


def test_record_reads_back_when_it_was_written(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    written = record(ProcessRecord(name="gateway", pid=12, port=8700, created_at=1.5))
    state.write(written)
    assert state.read() == written
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.json"]


def test_record_is_none_when_the_file_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"gateway": ')
    assert StateFolder(tmp_path).read() is None


def test_process_is_ended_when_a_killed_supervisor_left_it(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    with sleeper() as left:
        created = psutil.Process(left.pid).create_time()
        state.write(record(ProcessRecord(name="gateway", pid=left.pid, created_at=created)))
        assert state.end_stale() == ["gateway"]
        assert left.wait(5) == -signal.SIGTERM
    assert state.read() is None


def test_process_is_spared_when_it_only_has_the_same_pid(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    with sleeper() as other:
        created = psutil.Process(other.pid).create_time() - 60
        state.write(record(ProcessRecord(name="gateway", pid=other.pid, created_at=created)))
        assert state.end_stale() == []
        assert other.poll() is None
        other.kill()


def test_old_file_stays_when_the_new_one_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file"
    write_atomically(target, "old", mode=0o600)

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        write_atomically(target, "new", mode=0o600)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_password_is_private_and_stays_the_same_when_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "password"
    assert kept_password(path) == kept_password(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_ports_are_free_and_different_when_chosen(tmp_path: Path) -> None:
    ports = free_ports(["a", "b", "c"], tmp_path)
    assert len(set(ports.values())) == 3
    assert free_ports(["a", "b", "c"], tmp_path) == ports  # the same folder, the same ports


def test_port_is_left_out_when_somebody_listens_there(tmp_path: Path) -> None:
    first = free_ports(["a"], tmp_path)["a"]
    with socket.create_server((LOOPBACK, first)):
        assert free_ports(["a"], tmp_path)["a"] != first


def test_gateway_port_is_refused_when_it_was_asked_for_and_is_taken() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(LocalError, match=f"Port {port} is taken"):
            gateway_port(port)


def test_gateway_port_moves_on_when_the_default_is_taken() -> None:
    if not is_free(DEFAULT_GATEWAY_PORT):
        assert gateway_port(None) > DEFAULT_GATEWAY_PORT
        return
    with socket.create_server((LOOPBACK, DEFAULT_GATEWAY_PORT)):
        assert gateway_port(None) > DEFAULT_GATEWAY_PORT
