"""Links into a video, and its seconds as people read them."""


def watch_url(video_id: str, start: float) -> str:
    """The page that plays the video from a second on.

    Args:
        video_id: eleven characters that need no escaping.
        start: seconds; players take whole ones.
    """
    return f"https://www.youtube.com/watch?v={video_id}&t={int(start)}s"


def clock(seconds: float) -> str:
    """Seconds as m:ss, or h:mm:ss from an hour on."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
