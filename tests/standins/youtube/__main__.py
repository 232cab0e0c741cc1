"""`python -m tests.standins.youtube --port 0`: says where it is in one JSON line, and serves until SIGTERM."""

import argparse
import json
import signal
import sys
import threading

from tests.standins.youtube.server import YouTubeStandIn


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m tests.standins.youtube", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 picks a free one")
    port = parser.parse_args().port
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with YouTubeStandIn(port=port) as standin:
        sys.stdout.write(json.dumps({"proxy": standin.proxy, "ca_file": str(standin.ca_file)}) + "\n")
        sys.stdout.flush()
        stopped.wait()


if __name__ == "__main__":
    main()
