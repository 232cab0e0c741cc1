"""`python -m vidmap_metadata`."""

from vidmap_chassis.stage import run
from vidmap_metadata.app import create_app
from vidmap_metadata.settings import Settings

if __name__ == "__main__":
    run(create_app(Settings()))
