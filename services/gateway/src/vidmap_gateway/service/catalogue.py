"""Reading: jobs, their history, and finished videos."""

from dataclasses import dataclass
from uuid import UUID

from vidmap_gateway.domain import Job, StageTiming
from vidmap_gateway.errors import no_such_job, no_such_video, unknown_format
from vidmap_gateway.ports import JobRepository, StoredVideo, VideoRepository


@dataclass(frozen=True, slots=True)
class History:
    """A page of a user's jobs, newest first."""

    jobs: list[Job]
    total: int


class JobCatalogue:
    """Looks jobs up."""

    def __init__(self, jobs: JobRepository) -> None:
        self._jobs = jobs

    async def job(self, job_id: UUID, user_id: str | None = None) -> Job:
        """One job.

        Args:
            job_id: its id.
            user_id: whose it has to be; anybody's where None.

        Raises:
            NotFoundError: there is none, or it belongs to another user.
        """
        job = await self._jobs.find(job_id)
        if job is None or (user_id is not None and job.user_id != user_id):
            raise no_such_job()
        return job

    async def timings(self, job_id: UUID) -> list[StageTiming]:
        """How long each finished stage of the job's run took."""
        return await self._jobs.timings(job_id)

    async def history(self, user_id: str, *, limit: int, offset: int) -> History:
        """A user's jobs, newest first."""
        jobs = await self._jobs.of_user(user_id, limit=limit, offset=offset)
        return History(jobs, await self._jobs.count_of_user(user_id))


class VideoCatalogue:
    """Looks finished results up."""

    def __init__(self, videos: VideoRepository) -> None:
        self._videos = videos

    async def video(self, video_id: str) -> StoredVideo:
        """The newest result of a video.

        Raises:
            NotFoundError: there is none.
        """
        video = await self._videos.find(video_id)
        if video is None:
            raise no_such_video(video_id)
        return video

    async def mindmap(self, video_id: str, format_name: str) -> str:
        """The newest map of a video as a document.

        Raises:
            NotFoundError: the video has no result.
            BadRequestError: it has no such format.
        """
        document = await self._videos.document(video_id, format_name)
        if document is None:
            video = await self.video(video_id)
            raise unknown_format(format_name, list(video.formats))
        return document
