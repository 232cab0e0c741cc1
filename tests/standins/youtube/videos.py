"""The videos that the stand-in knows: every id is one, and two of them are talks."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.standins.youtube.captions import Cue, CuedTrack, cue_json3, cue_vtt, fixed_tracks
from tests.standins.youtube.media import Media, noise_media, silence_media, silent_media, webm_media
from tests.standins.youtube.scenarios import Behaviour, behaves
from tests.standins.youtube.talks import COFFEE, TIDES, Talk, chapter_lines, cues, duration_of

CAPTIONED_TALK = "vmSampleCap"
SPOKEN_TALK = "vmSampleTlk"
# Every id that begins so is the same talk again: a video that no cache knows yet.
_CAPTIONED = ("vmSampleC", Behaviour.API_FLAKY_TALK.value)
_SPOKEN = "vmSampleT"
CHANNEL_ID = "UC" + "x" * 22
_TOO_LONG_S = 13 * 3600


@dataclass(frozen=True, slots=True)
class Video:
    """A video and where its parts come from."""

    video_id: str
    title: str
    author: str
    description: str
    duration: int
    """Whole seconds, as YouTube gives them."""
    media: Callable[[], Media]
    tracks: tuple[CuedTrack, ...] = ()


def video_of(video_id: str) -> Video:
    """The video with this id."""
    if video_id.startswith(_CAPTIONED):
        return _captioned_talk(video_id)
    if video_id.startswith(_SPOKEN):
        return _spoken_talk(video_id)
    return _plain(video_id)


def _captioned_talk(video_id: str) -> Video:
    spoken = cues(COFFEE)
    return Video(
        video_id=video_id,
        title=COFFEE.title,
        author=COFFEE.author,
        description=f"{COFFEE.about}\n\n{chapter_lines(COFFEE)}\n",
        duration=round(duration_of(spoken)),
        media=silent_media,
        tracks=(_written("en", spoken),),
    )


def _written(language: str, spoken: tuple[Cue, ...]) -> CuedTrack:
    return CuedTrack(language, "manual", cue_json3(spoken), cue_vtt(spoken, language))


def _spoken_talk(video_id: str) -> Video:
    recording = webm_media(TIDES.audio)
    return Video(
        video_id=video_id,
        title=TIDES.title,
        author=TIDES.author,
        description=TIDES.about,
        duration=round(recording.duration),
        media=lambda: recording,
    )


def _plain(video_id: str) -> Video:
    media = silence_media if behaves(video_id, Behaviour.SILENCE) else noise_media
    return Video(
        video_id=video_id,
        title=f"Sample video {video_id}",
        author="Sample Author",
        description="A sample video.",
        duration=_TOO_LONG_S if behaves(video_id, Behaviour.TOO_LONG) else round(media().duration),
        media=media,
        tracks=fixed_tracks(video_id),
    )


__all__ = ["CAPTIONED_TALK", "CHANNEL_ID", "SPOKEN_TALK", "Talk", "Video", "video_of"]
