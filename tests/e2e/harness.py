"""A whole stack as a user starts it, with the stand-in for YouTube, and the handles that a test needs."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tests.standins.youtube import YouTubeStandIn

from vidmap_local.records import StateFolder

CAPTIONED = "vmSampleCap"
SPOKEN = "vmSampleTlk"
READY_S = 120.0


@dataclass(frozen=True)
class RunningStack:
    """A stack that is up."""

    state: Path
    url: str
    youtube: YouTubeStandIn

    def record(self) -> dict[str, Any]:
        return json.loads((self.state / "run.json").read_text())

    def pid(self, process: str) -> int:
        return next(entry["pid"] for entry in self.record()["processes"] if entry["name"] == process)

    def ports(self) -> dict[str, int]:
        return {entry["name"]: entry["port"] for entry in self.record()["processes"] if entry["port"]}

    def kill(self, process: str) -> None:
        """kill -9, as the machine's memory guard would."""
        os.kill(self.pid(process), signal.SIGKILL)

    def start_job(self, video_id: str, **body: Any) -> dict[str, Any]:
        """Submit a video; the answer of POST /api/processing/start."""
        body = {"youtube_url": f"https://www.youtube.com/watch?v={video_id}", "user_id": "e2e", **body}
        answer = httpx.post(f"{self.url}/api/processing/start", json=body, timeout=10)
        assert answer.status_code in (200, 202), answer.text
        return answer.json()

    def status(self, job_id: str) -> dict[str, Any] | None:
        """How a job stands, or None while the gateway is away."""
        try:
            answer = httpx.get(f"{self.url}/api/processing/status/{job_id}", params={"user_id": "e2e"}, timeout=10)
        except httpx.TransportError:
            return None
        return answer.json() if answer.status_code == 200 else None

    def wait_for(self, job_id: str, reached: Callable[[dict[str, Any]], bool], deadline_s: float) -> dict[str, Any]:
        """Poll until the job is as asked; fail at the deadline with how it stands."""
        end, job = time.monotonic() + deadline_s, None
        while time.monotonic() < end:
            job = self.status(job_id)
            if job is not None and reached(job):
                return job
            time.sleep(0.02)
        raise AssertionError(f"not within {deadline_s:g} s; the job stands at {job}")

    def wait_until_final(self, job_id: str, deadline_s: float = 120) -> dict[str, Any]:
        final = {"completed", "failed", "cancelled", "needs_operator"}
        return self.wait_for(job_id, lambda job: job["status"] in final, deadline_s)

    def mindmap(self, video_id: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.url}/api/videos/{video_id}/mindmap", params={"format": "json"}, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ready(self, process: str) -> bool:
        """Whether a process says that it is ready, and not only half (a gateway without Kafka)."""
        try:
            port = self.ports()[process]
            answer = httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=3)
            return answer.status_code == 200 and answer.json()["status"] == "ok"
        except (httpx.TransportError, KeyError, FileNotFoundError):
            return False

    def wait_until_all_ready(self, names: tuple[str, ...], deadline_s: float = READY_S) -> None:
        end = time.monotonic() + deadline_s
        while waiting := [name for name in names if not self.ready(name)]:
            assert time.monotonic() < end, f"not ready within {deadline_s:g} s: {waiting}"
            time.sleep(0.1)


@contextmanager
def erased_afterwards(state: Path) -> Iterator[Path]:
    """Under root the data are elsewhere, because pytest's folders are private: they would stay."""
    yield state
    with StateFolder(state).held():
        StateFolder(state).erase()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running_stack(state: Path, **environment: str) -> Iterator[RunningStack]:
    """Start `vidmap up` and the stand-in, wait until all is ready, and stop both."""
    port, log = free_port(), state.parent / f"{state.name}.log"
    with YouTubeStandIn() as youtube, log.open("wb") as output:
        surroundings = {
            **os.environ,
            "YTDLP_PROXY": youtube.proxy,
            "YTDLP_CA_FILE": str(youtube.ca_file),
            **environment,
        }
        command = [sys.executable, "-m", "vidmap_client", "up", "--state-dir", str(state), "--port", str(port)]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=surroundings)
        stack = RunningStack(state, f"http://127.0.0.1:{port}", youtube)
        try:
            _wait_until_up(stack, process, log)
            yield stack
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def _wait_until_up(stack: RunningStack, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + READY_S
    while True:
        if all(stack.ready(name) for name in ("gateway", *STAGES)):
            return
        tail = log.read_text(errors="replace")[-4000:]
        assert process.poll() is None, f"`vidmap up` ended:\n{tail}"
        assert time.monotonic() < end, f"the stack was not ready within {READY_S:g} s:\n{tail}"
        time.sleep(0.1)


STAGES = ("metadata", "transcribe", "speech", "analyze", "mindmap", "indexer", "relay")
