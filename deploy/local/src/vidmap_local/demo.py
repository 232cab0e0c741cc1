"""`python -m vidmap_local.demo [URL]`: the whole way on this machine, from a URL to a map.

Without a URL two sample talks are processed, and YouTube is a stand-in on this machine: nothing leaves it. With a URL
the video is fetched from YouTube. Run it from the root of the repository. Exit status 0: every map came.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from rich.console import Console

from vidmap_contracts.job import Stage
from vidmap_local.orphans import die_with_parent
from vidmap_local.output import log_path, tail
from vidmap_local.records import StateFolder

_SAMPLES = ("https://www.youtube.com/watch?v=vmSampleCap", "https://www.youtube.com/watch?v=vmSampleTlk")
_STATE = Path(".vidmap/demo")
_READY_LIMIT = 600.0  # seconds; models may have to be downloaded first
_STOP_LIMIT = 60.0
_LINES = 15
_WORKS_ON: Mapping[Stage, tuple[str, ...]] = {
    Stage.METADATA_EXTRACTION: ("metadata",),
    Stage.TRANSCRIPT_GENERATION: ("transcribe", "speech"),
    Stage.CONTENT_ANALYSIS: ("analyze",),
    Stage.MINDMAP_GENERATION: ("mindmap",),
    Stage.DATA_STORAGE: ("indexer",),
    Stage.INDEXING: ("indexer",),
}
_STANDIN_NOTE = (
    "YouTube is a stand-in on this machine: the two sample talks, their captions and their sound come from it, "
    "everything else is the real thing. `make demo URL=…` takes a video from YouTube."
)


class DemoError(Exception):
    """The demo cannot go on; the text is for the user."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m vidmap_local.demo", description=__doc__)
    parser.add_argument("url", nargs="?", default="", help="a YouTube video; the sample talks where left out")
    url = parser.parse_args(arguments).url
    console = Console(highlight=False, soft_wrap=True, markup=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: everything is stopped on the way out
    try:
        return _run(console, [url] if url else [], StateFolder(_STATE))
    except DemoError as error:
        console.print(str(error), style="red")
        return 1
    except KeyboardInterrupt:
        console.print("stopped")
        return 130


def _run(console: Console, urls: Sequence[str], state: StateFolder) -> int:
    if urls:
        with _stack({}, state) as gateway:
            return _make_maps(console, urls, gateway, state)
    console.print(_STANDIN_NOTE)
    with _standin() as settings, _stack(settings, state) as gateway:
        return _make_maps(console, _SAMPLES, gateway, state)


@contextmanager
def _standin() -> Generator[dict[str, str]]:
    """Serve the sample talks; gives the settings that lead yt-dlp there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.standins.youtube", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    with process, _stopped_at_the_end(process, signal.SIGTERM):
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise DemoError("The stand-in for YouTube did not start. Is this the root of the repository?")
        where = json.loads(line)
        yield {"YTDLP_PROXY": where["proxy"], "YTDLP_CA_FILE": where["ca_file"]}


@contextmanager
def _stack(settings: Mapping[str, str], state: StateFolder) -> Generator[str]:
    """A stack with empty data of its own; gives the gateway's URL."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "vidmap_client", "up", "--quiet", "--fresh", "--state-dir", str(state.path)],
        env={**os.environ, **settings},
        start_new_session=True,  # Ctrl-C reaches only us, and the stack gets it from us, once
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    with process, _stopped_at_the_end(process, signal.SIGINT):
        yield _wait_until_ready(process, state)


@contextmanager
def _stopped_at_the_end(process: subprocess.Popen[str] | subprocess.Popen[bytes], number: int) -> Generator[None]:
    try:
        yield
    finally:
        process.send_signal(number)
        try:
            process.wait(_STOP_LIMIT)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):  # nothing is left all the same, see `orphans`
            process.kill()


def _wait_until_ready(process: subprocess.Popen[bytes], state: StateFolder) -> str:
    deadline = time.monotonic() + _READY_LIMIT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DemoError(f"The stack did not start. Logs: {state.logs}")
        record = state.read()
        if record and record.ready and record.supervisor_pid == process.pid:
            return record.gateway
        time.sleep(0.1)
    raise DemoError(f"The stack was not ready after {_READY_LIMIT:g} s. Logs: {state.logs}")


def _make_maps(console: Console, urls: Sequence[str], gateway: str, state: StateFolder) -> int:
    came = 0
    for url in urls:
        console.print(f"\n$ vidmap submit {url} --wait", style="bold")
        submitted = subprocess.run(
            [sys.executable, "-P", "-m", "vidmap_client", "submit", url, "--wait"],
            env={**os.environ, "VIDMAP_URL": gateway},
        )
        if submitted.returncode == 0:
            came += 1
        else:
            _show_logs(console, gateway, state)
    console.print(f"\n{came} of {len(urls)} maps came. Logs: {state.logs}", style="bold")
    return 0 if came == len(urls) else 1


def _show_logs(console: Console, gateway: str, state: StateFolder) -> None:
    stage = _failed_stage(gateway)
    for name in _WORKS_ON[stage] if stage else ("gateway",):
        log = log_path(state.logs, name)
        console.print(f"\nThe last lines of {name} ({log}):", style="bold")
        for line in tail(log, _LINES):
            console.print(line)


def _failed_stage(gateway: str) -> Stage | None:
    """The stage that the newest job did not finish; None where the gateway does not tell."""
    try:
        with httpx.Client(base_url=gateway, trust_env=False, timeout=10) as client:
            history = client.get("/api/processing/history", params={"user_id": "local", "limit": 1}).json()
            job = client.get(f"/api/processing/status/{history['jobs'][0]['id']}").json()
    except (httpx.HTTPError, ValueError, LookupError):
        return None
    finished = {timing["stage"] for timing in job.get("stages", [])}
    return next((stage for stage in _WORKS_ON if stage.value not in finished), None)


if __name__ == "__main__":
    sys.exit(main())
