"""Jobs: start one, ask how it stands, look back."""

from typing import Annotated
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from vidmap_contracts.job import ProcessingOptions
from vidmap_gateway.api.problems import RESPONSES
from vidmap_gateway.domain import DEFAULT_USER
from vidmap_gateway.schemas import HistoryBody, JobBody, JobStatusBody, StartBody
from vidmap_gateway.service.catalogue import JobCatalogue
from vidmap_gateway.service.submission import JobSubmission, Request

PATH = "/api/processing"
UserQuery = Annotated[str, QueryParameter(name="user_id", min_length=1, max_length=128)]
AnyUserQuery = Annotated[str | None, QueryParameter(name="user_id", min_length=1, max_length=128)]


@post("/start", status_code=202, responses=RESPONSES, summary="Start processing a video")
async def start(data: JSONBody[StartBody], submission: NamedDependency[JobSubmission]) -> Response[JobBody]:
    """Queue a job, or join the run that is at it; 200 with a completed job where the result is there already."""
    job = await submission.submit(
        Request(
            youtube_url=data.youtube_url,
            user_id=data.user_id,
            options=ProcessingOptions.model_validate(data.options.model_dump()),
            force=data.force,
            priority=data.priority,
        )
    )
    headers = {"Location": f"{PATH}/status/{job.id}"}
    return Response(JobBody.of(job), status_code=200 if job.is_final else 202, headers=headers)


@get("/status/{job_id:uuid}", responses=RESPONSES, summary="How a job stands")
async def status(
    job_id: FromPath[UUID], jobs: NamedDependency[JobCatalogue], user_id: AnyUserQuery = None
) -> JobStatusBody:
    """The job with the time that each finished stage took; 404 where it belongs to another user."""
    job = await jobs.job(job_id, user_id)
    return JobStatusBody.with_stages(job, await jobs.timings(job_id))


@get("/history", responses=RESPONSES, summary="The jobs of a user")
async def history(
    jobs: NamedDependency[JobCatalogue],
    user_id: UserQuery = DEFAULT_USER,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
    offset: Annotated[int, QueryParameter(ge=0)] = 0,
) -> HistoryBody:
    """Newest first."""
    page = await jobs.history(user_id, limit=limit, offset=offset)
    return HistoryBody(jobs=[JobBody.of(job) for job in page.jobs], total=page.total, limit=limit, offset=offset)


router = Router(PATH, route_handlers=[start, status, history], tags=["processing"])
