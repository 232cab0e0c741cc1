"""`python -m vidmap_indexer`."""

from vidmap_chassis.stage import run
from vidmap_indexer.app import create_app
from vidmap_indexer.settings import Settings

if __name__ == "__main__":
    run(create_app(Settings()))
