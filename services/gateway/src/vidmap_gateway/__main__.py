"""`python -m vidmap_gateway`: serves HTTP and consumes what stages report."""

import asyncio

from vidmap_chassis.logs import configure_logging
from vidmap_gateway.app import create_app
from vidmap_gateway.server import create_server
from vidmap_gateway.settings import Settings


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    settings = Settings()
    configure_logging("gateway", settings.telemetry)
    asyncio.run(create_server(create_app(settings), settings).run_until_stopped())


if __name__ == "__main__":
    main()
