"""One stack for all tests of this folder that do not need their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.harness import RunningStack, erased_afterwards, running_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with erased_afterwards(Path(tmp_path_factory.mktemp("stack")) / "state") as state, running_stack(state) as running:
        yield running
