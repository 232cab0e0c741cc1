"""`python -m vidmap_mindmap`."""

from vidmap_chassis.stage import run
from vidmap_mindmap.app import create_app
from vidmap_mindmap.settings import Settings

if __name__ == "__main__":
    run(create_app(Settings()))
