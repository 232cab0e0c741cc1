"""Accepting jobs: checked, answered from a finished result where there is one, otherwise queued."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from vidmap_contracts.ids import options_digest
from vidmap_contracts.job import ProcessingOptions
from vidmap_contracts.youtube_url import parse_youtube_url
from vidmap_gateway.domain import DEFAULT_PRIORITY, DEFAULT_USER, Job, Submission
from vidmap_gateway.metrics import GatewayMetrics
from vidmap_gateway.ports import EventHub, JobRepository, ResultCache


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asks for, unchecked."""

    youtube_url: str
    user_id: str = DEFAULT_USER
    options: ProcessingOptions = field(default_factory=ProcessingOptions)
    force: bool = False
    """Process again although there is a finished result."""
    priority: int = DEFAULT_PRIORITY


class JobSubmission:
    """Takes jobs in.

    Args:
        jobs: where they are stored.
        cache: remembers finished results.
        hub: tells listeners.
        wake: called when something was queued.
        metrics: counters.
    """

    def __init__(
        self,
        jobs: JobRepository,
        cache: ResultCache,
        hub: EventHub,
        wake: Callable[[], None],
        metrics: GatewayMetrics,
    ) -> None:
        self._jobs = jobs
        self._cache = cache
        self._hub = hub
        self._wake = wake
        self._metrics = metrics

    async def submit(self, request: Request) -> Job:
        """The job that answers the request: completed at once where the result is there.

        Raises:
            UrlError: the address is not of one YouTube video.
            UnavailableError: the database is away.
        """
        submission = _submission(request)
        if not request.force and (job := await self._from_result(submission)):
            self._metrics.submissions.labels("cached").inc()
            return job
        job = await self._jobs.submit(submission)
        self._metrics.submissions.labels("queued").inc()
        self._wake()
        await self._hub.publish(job)
        return job

    async def _from_result(self, submission: Submission) -> Job | None:
        known = await self._cache.get(submission.video_id, submission.options_digest)
        # What the cache says may be outdated: a run that is gone attaches nothing.
        if known and (job := await self._jobs.attach(submission, known)):
            return job
        stored = await self._jobs.finished_run(submission.video_id, submission.options_digest)
        if stored is None:
            return None
        await self._remember(submission, stored)
        return await self._jobs.attach(submission, stored)

    async def _remember(self, submission: Submission, run_id: UUID) -> None:
        await self._cache.put(submission.video_id, submission.options_digest, run_id)


def _submission(request: Request) -> Submission:
    video = parse_youtube_url(request.youtube_url)
    return Submission(
        job_id=uuid4(),
        run_id=uuid4(),
        trace=secrets.token_hex(16),
        user_id=request.user_id,
        youtube_url=request.youtube_url.strip(),
        video_id=video.video_id,
        options=request.options,
        options_digest=options_digest(request.options),
        priority=request.priority,
        force=request.force,
    )
