"""Which windows are recognised now, which wait for their turn, and how far that is."""

from collections.abc import Collection


def first_in_each_lane(windows: int, lanes: int, known: Collection[int]) -> list[int]:
    """The windows to ask for at the start, or after a crash: in each lane the first without a result.

    A lane is every `lanes`-th window. One window of each is in work at a time, and asks for the next when it is done:
    so a long talk never starves a short one, and what is missing is always reached.

    Args:
        windows: how many there are.
        lanes: how many may be in work at once.
        known: windows that have a result.
    """
    firsts = (next((i for i in range(lane, windows, lanes) if i not in known), None) for lane in range(lanes))
    return sorted(index for index in firsts if index is not None)


def told(done: int, windows: int, duration: float) -> str:
    """A sentence that says how far the recognition is.

    Args:
        done: recognised windows.
        windows: all windows.
        duration: seconds of the recording.
    """
    unit, name = (60, "minutes") if duration >= 180 else (1, "seconds")
    total = max(1, round(duration / unit))
    return f"Recognised {min(total, round(total * done / windows))} of {total} {name} of speech"


def share(done: int, windows: int, begin: int, end: int) -> int:
    """The percentage of the job, between `begin` and `end`, when `done` of `windows` are recognised."""
    return begin + (end - begin) * done // windows


def next_in_lane(window: int, windows: int, lanes: int) -> int | None:
    """The window whose turn comes when `window` is done; None at the end of the lane."""
    return window + lanes if window + lanes < windows else None
