"""`python -m vidmap_analyze` runs the service; with a transcript file it prints its topics and ends."""

import os
import sys


def main() -> int:
    """Run what the command line asks for; returns the exit code."""
    # Read once, when numpy and the tokenizers are imported; worker processes inherit them. With one thread each, the
    # same transcript gives the same bytes on every machine, and workers do not fight over cores.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    # It says on import that no deep-learning framework is there: none is wanted.
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    if len(sys.argv) > 1:
        from vidmap_analyze import offline

        return offline.main(sys.argv[1:])
    from vidmap_analyze.app import create_app
    from vidmap_analyze.settings import Settings
    from vidmap_chassis.stage import run

    run(create_app(Settings()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
