"""The use case: find out what a video is, from the first source that can tell, and refuse what cannot be worked on."""

from collections.abc import Callable
from datetime import datetime

import structlog

from vidmap_contracts.video import MetadataExtracted, VideoMetadata, VideoSubmitted
from vidmap_metadata.domain import Liveness, in_words, is_too_long
from vidmap_metadata.errors import NotRecordedError, TooLongError, TransientError
from vidmap_metadata.ports import Found, MetadataStore, Source

log = structlog.get_logger()

Outcome = Callable[[str, str], None]
"""Is told a source and what came of asking it: found, unknown or failed."""

_REFUSALS = {
    Liveness.LIVE: NotRecordedError.live,
    Liveness.UPCOMING: NotRecordedError.upcoming,
    Liveness.PROCESSING: NotRecordedError.processing,
}


class Chain:
    """Asks one source after the other.

    Args:
        first: asked before `main`, where it is set up: cheap, and silent about why a video cannot be seen.
        main: knows most, and says why a video cannot be seen.
        last: asked where `main` cannot be asked now; knows little.
        outcome: counts.
    """

    def __init__(self, *, first: Source | None, main: Source, last: Source, outcome: Outcome) -> None:
        self._first = first
        self._main = main
        self._last = last
        self._outcome = outcome

    async def find(self, video_id: str) -> Found:
        """What is known of a video.

        Raises:
            PermanentError, NeedsOperatorError: as `main` says.
            TransientError: nobody can be asked now.
        """
        if self._first is not None and (found := await self._try(self._first, video_id)):
            return found
        try:
            found = await self._ask(self._main, video_id)
        except TransientError as error:
            found = await self._try(self._last, video_id)
            if found is None:
                raise
            log.info("little is known of the video", source=self._last.name, because=error.code)
        if found is None:
            raise LookupError(f"{self._main.name} neither knows the video nor says why")
        return found

    async def _try(self, source: Source, video_id: str) -> Found | None:
        """What a source knows; None where it cannot be asked, for then another one is."""
        try:
            return await self._ask(source, video_id)
        except TransientError as error:
            log.warning("source cannot be asked", source=source.name, code=error.code, reason=error.message)
            return None

    async def _ask(self, source: Source, video_id: str) -> Found | None:
        try:
            found = await source.find(video_id)
        except Exception:
            self._outcome(source.name, "failed")
            raise
        self._outcome(source.name, "found" if found else "unknown")
        return found


class Extraction:
    """Turns a submitted video into its metadata.

    Args:
        chain: where metadata comes from.
        store: where it is kept.
        max_duration: seconds; longer videos are refused.
        clock: the present moment.
    """

    def __init__(
        self, *, chain: Chain, store: MetadataStore, max_duration: float, clock: Callable[[], datetime]
    ) -> None:
        self._chain = chain
        self._store = store
        self._max_duration = max_duration
        self._clock = clock

    async def extract(self, event: VideoSubmitted) -> MetadataExtracted:
        """The event that follows.

        Raises:
            NotRecordedError, TooLongError: the video cannot be worked on.
            VidmapError: as the sources say.
        """
        metadata = await self._store.load(event.video_id) or await self._find(event.video_id)
        if is_too_long(metadata.duration, self._max_duration):
            raise TooLongError(in_words(metadata.duration or 0), in_words(self._max_duration))
        return MetadataExtracted.caused_by(event, at=self._clock(), options=event.options, metadata=metadata)

    async def _find(self, video_id: str) -> VideoMetadata:
        found = await self._chain.find(video_id)
        if refusal := _REFUSALS.get(found.liveness):
            raise refusal()
        # Without a duration it is too little to be believed the next time.
        if found.metadata.duration:
            await self._store.save(video_id, found.metadata)
        return found.metadata
