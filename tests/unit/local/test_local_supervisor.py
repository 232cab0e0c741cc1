"""The supervisor with small throw-away processes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from io import StringIO
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from vidmap_local.errors import FinalStartError
from vidmap_local.output import LastingConsole, ProcessOutput
from vidmap_local.specs import ProcessSpec, RestartPolicy, levels
from vidmap_local.supervisor import Supervisor

FAST = RestartPolicy(limit=3, first_delay=0.02, longest_delay=0.1)
LOYAL = "import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"


class Screen:
    """A console whose text can be read, and the output that writes to it."""

    def __init__(self, folder: Path) -> None:
        self._text = StringIO()
        self.output = ProcessOutput(Console(file=self._text, highlight=False, markup=False), folder / "logs")

    @property
    def text(self) -> str:
        return self._text.getvalue()


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    screen = Screen(tmp_path)
    yield screen
    screen.output.close()


def python(name: str, code: str, **fields: object) -> ProcessSpec:
    defaults: dict[str, object] = {"environment": {}, "stop_timeout": 5.0}
    command = (sys.executable, "-I", "-S", "-c", code)
    return ProcessSpec(name=name, command=command, **(defaults | fields))  # type: ignore[arg-type]


async def until(condition: Callable[[], bool], what: str) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"never happened: {what}")


async def test_processes_start_in_order_when_they_wait_for_each_other(screen: Screen, tmp_path: Path) -> None:
    mark = tmp_path / "first-is-ready"

    async def probe() -> None:
        mark.read_bytes()

    first = python("first", f"open({str(mark)!r}, 'w').close(); {LOYAL}", probe=probe)
    second = python("second", f"print(open({str(mark)!r}).name, flush=True); {LOYAL}", after=("first",))
    supervisor: Supervisor

    supervisor = Supervisor([second, first], screen.output, on_ready=lambda: supervisor.stop())
    assert await supervisor.run() == 0
    assert screen.text.index("first is ready") < screen.text.index("second is ready")
    assert "Traceback" not in screen.text


async def test_process_is_started_again_when_it_dies(screen: Screen, tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    spec = python("flaky", f"open({str(starts)!r}, 'a').write('x'); print('hello', flush=True); {LOYAL}")
    pids: list[int] = []
    supervisor = Supervisor(
        [spec], screen.output, restarts=FAST, on_change=lambda children: pids.extend(child.pid for child in children)
    )
    run = asyncio.create_task(supervisor.run())
    await until(lambda: screen.text.count("hello") == 1, "first start")
    os.kill(pids[-1], signal.SIGKILL)
    await until(lambda: screen.text.count("hello") == 2, "second start")
    supervisor.stop()
    assert await run == 0
    assert "flaky: was ended by SIGKILL; again in 0.02 s (1 of 3)" in screen.text
    assert len(set(pids)) == 2


async def test_stack_stops_when_a_process_fails_too_often(screen: Screen) -> None:
    other = python("other", LOYAL)
    broken = python("broken", "raise SystemExit(3)")
    supervisor = Supervisor([other, broken], screen.output, restarts=FAST)
    assert await supervisor.run() == 1
    assert supervisor.failure == "broken"
    assert "broken: ended with status 3; failed 4 times in a row, giving up" in screen.text


async def test_stack_stops_at_once_when_trying_again_is_useless(screen: Screen) -> None:
    async def prepare() -> None:
        raise FinalStartError("the data are of another version")

    supervisor = Supervisor([python("server", LOYAL, prepare=prepare)], screen.output)
    assert await supervisor.run() == 1
    assert "server: the data are of another version" in screen.text


async def test_process_is_started_again_when_it_is_not_ready_in_time(screen: Screen) -> None:
    async def probe() -> None:
        raise OSError("not yet")

    spec = python("slow", LOYAL, probe=probe, ready_timeout=0.2)
    restarts = replace(FAST, stable_after=0.1)  # waiting to be ready is no sign of health
    supervisor = Supervisor([spec], screen.output, restarts=restarts)
    assert await supervisor.run() == 1
    assert "slow: was not ready after 0.2 s (not yet); again in" in screen.text
    assert "failed 4 times in a row" in screen.text


async def test_step_runs_again_when_the_server_it_prepares_was_restarted(screen: Screen) -> None:
    pids: dict[str, int] = {}
    ready = asyncio.Event()
    supervisor = Supervisor(
        [
            python("server", LOYAL),
            python("step", "print('step done', flush=True)", once=True, after=("server",)),
            python("service", "print('service up', flush=True);" + LOYAL, after=("step",)),
        ],
        screen.output,
        restarts=FAST,
        on_change=lambda children: pids.update({child.spec.name: child.pid for child in children}),
        on_ready=ready.set,
    )
    run = asyncio.create_task(supervisor.run())
    await asyncio.wait_for(ready.wait(), 10)
    await until(lambda: "service up" in screen.text, "the service runs")
    assert screen.text.index("step done") < screen.text.index("service up")
    os.kill(pids["server"], signal.SIGKILL)
    await until(lambda: screen.text.count("step done") == 2, "the step ran again")
    supervisor.stop()
    assert await run == 0
    assert screen.text.count("service up") == 1


async def test_others_stand_still_when_a_server_comes_back(screen: Screen) -> None:
    pids: dict[str, int] = {}
    states: list[str] = []

    async def on_ready() -> None:
        states.append(psutil.Process(pids["client"]).status() if "client" in pids else "not there")

    supervisor = Supervisor(
        [
            python("server", LOYAL, on_ready=on_ready, pauses=("client",)),
            python("client", "print('up', flush=True);" + LOYAL, after=("server",)),
        ],
        screen.output,
        restarts=FAST,
        on_change=lambda children: pids.update({child.spec.name: child.pid for child in children}),
    )
    run = asyncio.create_task(supervisor.run())
    await until(lambda: screen.text.count("up") == 1, "the client runs")
    os.kill(pids["server"], signal.SIGKILL)
    await until(lambda: screen.text.count("server is ready") == 2, "the server is back")
    await until(lambda: psutil.Process(pids["client"]).status() != psutil.STATUS_STOPPED, "the client goes on")
    supervisor.stop()
    assert await run == 0
    assert states == ["not there", psutil.STATUS_STOPPED]


async def test_processes_stop_in_reverse_order_when_told_to(screen: Screen, tmp_path: Path) -> None:
    order = tmp_path / "order"
    code = (
        "import signal, sys, time\n"
        f"def end(*_): open({str(order)!r}, 'a').write(NAME); sys.exit(0)\n"
        "signal.signal(15, end); print('listening', flush=True); time.sleep(600)"
    )
    chain = [
        python("a", f"NAME = 'a'; {code}"),
        python("b", f"NAME = 'b'; {code}", after=("a",)),
        python("c", f"NAME = 'c'; {code}", after=("b",)),
    ]
    supervisor = Supervisor(chain, screen.output)
    run = asyncio.create_task(supervisor.run())
    await until(lambda: screen.text.count("listening") == 3, "all are up")
    supervisor.stop()
    assert await run == 0
    assert order.read_text() == "cba"


async def test_process_is_killed_when_it_does_not_stop(screen: Screen) -> None:
    supervisor = Supervisor([python("stubborn", STUBBORN, stop_timeout=0.2)], screen.output)
    run = asyncio.create_task(supervisor.run())
    await until(lambda: "deaf" in screen.text, "it ignores the signal")
    supervisor.stop()
    assert await run == 0
    assert "did not stop in 0.2 s, killed" in screen.text


async def test_children_of_a_process_end_when_it_has_ended(screen: Screen) -> None:
    code = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-I', '-S', '-c', {LOYAL!r}])\n"
        "print('grandchild', child.pid, flush=True)"
    )
    supervisor = Supervisor([python("parent", code, once=True)], screen.output)
    run = asyncio.create_task(supervisor.run())
    await until(lambda: "grandchild" in screen.text, "it has a child")
    grandchild = int(screen.text.split("grandchild ")[1].split()[0])
    await until(lambda: not _alive(grandchild), "the child of the child is gone")
    supervisor.stop()
    assert await run == 0


async def test_whole_line_is_passed_on_when_it_is_very_long(screen: Screen, tmp_path: Path) -> None:
    code = "print('x' * 300_000 + 'end', flush=True); print('last', flush=True)"
    supervisor: Supervisor
    supervisor = Supervisor([python("chatty", code, once=True)], screen.output, on_ready=lambda: supervisor.stop())
    assert await supervisor.run() == 0
    logged = (tmp_path / "logs" / "chatty.log").read_text()
    assert logged.count("x") == 300_000
    assert logged.endswith("end\nlast\n")


def test_prefix_has_no_colour_when_the_console_is_no_terminal(screen: Screen) -> None:
    screen.output.line("analyze", "[bold]as it is[/bold]")
    assert screen.text == "analyze    | [bold]as it is[/bold]\n"


def test_prefix_has_colour_when_the_console_is_a_terminal(tmp_path: Path) -> None:
    text = StringIO()
    output = ProcessOutput(Console(file=text, force_terminal=True, color_system="standard"), tmp_path)
    with closing(output):
        output.line("analyze", "hello")
    assert text.getvalue().startswith("\x1b[")


def test_lines_go_to_the_file_only_when_quiet(tmp_path: Path) -> None:
    text = StringIO()
    with closing(ProcessOutput(Console(file=text), tmp_path, quiet=True)) as output:
        output.line("analyze", "hello")
        output.say("ready")
    assert text.getvalue() == "vidmap     | ready\n"
    assert (tmp_path / "analyze.log").read_text() == "hello\n"


def test_files_go_on_when_the_console_has_gone_away(tmp_path: Path) -> None:
    class Gone(StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    with closing(ProcessOutput(LastingConsole(file=Gone()), tmp_path)) as output:
        output.line("analyze", "one")
        output.line("analyze", "two")
    assert (tmp_path / "analyze.log").read_text() == "one\ntwo\n"


def test_levels_are_refused_when_processes_wait_for_each_other() -> None:
    with pytest.raises(ValueError, match="can never start: a, b"):
        levels([python("a", "", after=("b",)), python("b", "", after=("a",))])


@pytest.mark.parametrize(("failures", "delay"), [(1, 0.5), (2, 1.0), (5, 8.0), (9, 15.0)])
def test_delay_grows_to_a_bound_when_failures_follow_each_other(failures: int, delay: float) -> None:
    assert RestartPolicy().delay(failures) == delay


SUPERVISED = """
import asyncio, sys
from pathlib import Path
from rich.console import Console
from vidmap_local import orphans
from vidmap_local.output import ProcessOutput
from vidmap_local.specs import ProcessSpec
from vidmap_local.supervisor import Supervisor
folder, code, net = sys.argv[1:]
if net == "watchdog":
    orphans._prctl = None
if net == "kernel":
    orphans.OrphanGuard.start = lambda self: None
spec = ProcessSpec(name="child", command=(sys.executable, "-I", "-S", "-c", code), stop_timeout=60.0)
sys.exit(asyncio.run(Supervisor([spec], ProcessOutput(Console(soft_wrap=True), Path(folder))).run()))
"""


def supervised(folder: Path, code: str, net: str = "both") -> "subprocess.Popen[str]":
    """A supervisor in a process of its own, with one child."""
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISED, str(folder), code, net],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def read_until(process: "subprocess.Popen[str]", wanted: str) -> str:
    assert process.stdout
    for line in process.stdout:
        if wanted in line:
            return line
    pytest.fail(f"it ended without saying {wanted!r}")


def test_everything_is_killed_at_once_when_the_signal_comes_twice(tmp_path: Path) -> None:
    with supervised(tmp_path, STUBBORN) as process:
        read_until(process, "deaf")
        process.send_signal(signal.SIGINT)
        read_until(process, "once more")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


def test_stack_stops_cleanly_when_the_signal_comes_once(tmp_path: Path) -> None:
    with supervised(tmp_path, f"print('up', flush=True); {LOYAL}") as process:
        read_until(process, "up")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.parametrize("net", ["kernel", "watchdog", "both"])
def test_no_process_is_left_when_the_supervisor_is_killed(tmp_path: Path, net: str) -> None:
    if net == "kernel" and sys.platform != "linux":
        pytest.skip("no parent-death signal here")
    with supervised(tmp_path, f"import os; print('pid', os.getpid(), flush=True)\n{STUBBORN}", net) as process:
        child = psutil.Process(int(read_until(process, "pid").split()[-1]))
        below = psutil.Process(process.pid).children(recursive=True)
        assert child in below
        process.kill()
        deadline = time.monotonic() + 10
        while left := [found.pid for found in below if _alive(found.pid)]:
            assert time.monotonic() < deadline, left
            time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
