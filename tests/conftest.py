"""What every test may be asked on the command line."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--broker",
        choices=("embedded", "apache"),
        default="embedded",
        help="what tests of delivery run on: the embedded broker, or Apache Kafka from KAFKA_HOME",
    )
