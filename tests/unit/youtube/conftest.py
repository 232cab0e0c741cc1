"""The stand-in, started once, and a client that goes through it."""

from collections.abc import Callable, Iterator

import pytest
from tests.standins.youtube import YouTubeStandIn

from vidmap_youtube import YouTube, YouTubeSettings


@pytest.fixture(scope="session")
def standin() -> Iterator[YouTubeStandIn]:
    with YouTubeStandIn() as standin:
        yield standin


@pytest.fixture
def create_settings(standin: YouTubeStandIn) -> Callable[..., YouTubeSettings]:
    def create(**changes: object) -> YouTubeSettings:
        defaults: dict[str, object] = {"proxy": standin.proxy, "ca_file": standin.ca_file, "socket_timeout": 2}
        return YouTubeSettings.model_validate(defaults | changes)

    return create


@pytest.fixture
def youtube(create_settings: Callable[..., YouTubeSettings]) -> YouTube:
    return YouTube(create_settings())
