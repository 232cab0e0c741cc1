"""The commands of `vidmap` that talk to a gateway."""

import asyncio
import json
import os
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import ValidationError

from vidmap_client.address import VARIABLE, gateway_url
from vidmap_client.client import VidmapClient
from vidmap_client.models import Job
from vidmap_client.progress import create_view
from vidmap_client.terminal import FAILED, INTERRUPTED, Terminal, create_terminal, failure_of, plain_errors
from vidmap_contracts.job import JobStatus, ProcessingOptions, Stage
from vidmap_contracts.youtube_url import parse_youtube_url

GatewayOption = Annotated[
    str | None,
    typer.Option("--url", help=f"Address of the gateway; else {VARIABLE}, or the stack that runs in this folder."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer with JSON.")]
UserOption = Annotated[str, typer.Option("--user", help="Who asks.")]

_TIMING_LOOKS = 10
_TIMING_PAUSE_S = 0.2


@dataclass(frozen=True, slots=True)
class Submission:
    """What `submit` asks for."""

    youtube_url: str
    user_id: str
    options: ProcessingOptions
    force: bool
    priority: int | None


def submit(
    youtube_url: Annotated[str, typer.Argument(metavar="URL", help="Address of a YouTube video, or its id.")],
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Follow the job and show the map.")] = False,
    language: Annotated[str, typer.Option(help="Preferred language, such as en or pt-BR.")] = "en",
    branches: Annotated[int | None, typer.Option(min=1, max=20, help="Number of first-level topics.")] = None,
    leaves: Annotated[int | None, typer.Option(min=1, max=120, help="Number of second-level topics.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Process again although there is a result.")] = False,
    priority: Annotated[int | None, typer.Option(min=0, max=9, help="9 goes first.")] = None,
    user: UserOption = "local",
    as_json: JsonOption = False,
    url: GatewayOption = None,
) -> None:
    """Turn a video into a mind map. Exit code 0: done, 1: failed, 2: the address is no video."""
    terminal = create_terminal()
    with plain_errors(terminal):
        parse_youtube_url(youtube_url)  # before anybody is asked
        options = _options(terminal, language, branches, leaves)
        submission = Submission(youtube_url, user, options, force, priority)
        _run(_submit(_client(url), terminal, submission, wait=wait, as_json=as_json))


def status(
    job: Annotated[UUID, typer.Argument(metavar="JOB", help="Id of a job.")],
    as_json: JsonOption = False,
    url: GatewayOption = None,
) -> None:
    """Show how a job stands."""
    terminal = create_terminal()
    with plain_errors(terminal):
        _run(_status(_client(url), terminal, job, as_json=as_json))


def show_map(
    video: Annotated[str, typer.Argument(metavar="VIDEO", help="Address of a video, or its id.")],
    format_name: Annotated[str, typer.Option("--format", "-f", help="outline, json, markdown, …")] = "outline",
    url: GatewayOption = None,
) -> None:
    """Show the mind map of a video that was processed."""
    terminal = create_terminal()
    with plain_errors(terminal):
        video_id = parse_youtube_url(video).video_id
        _run(_show_map(_client(url), terminal, video_id, format_name))


def check_url(
    url: Annotated[str, typer.Argument(metavar="URL", help="Whatever may be the address of a video.")],
    as_json: JsonOption = False,
) -> None:
    """Show the video id in an address, or why there is none. Asks nobody. Exit code 2: no video."""
    terminal = create_terminal()
    with plain_errors(terminal):
        found = parse_youtube_url(url)
        if as_json:
            terminal.write(json.dumps({"video_id": found.video_id, "start": found.start, "playlist": found.playlist}))
        else:
            terminal.say(found.video_id)


def _client(url: str | None) -> VidmapClient:
    return VidmapClient(gateway_url(url, os.environ, Path.cwd()))


def _options(terminal: Terminal, language: str, branches: int | None, leaves: int | None) -> ProcessingOptions:
    try:
        return ProcessingOptions(language=language, branches=branches, leaves=leaves)
    except ValidationError as error:
        terminal.complain(f"{language!r} is no language: name it like en or pt-BR.")
        raise typer.Exit(FAILED) from error


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(work)
    except KeyboardInterrupt as interruption:
        raise typer.Exit(INTERRUPTED) from interruption


async def _submit(
    client: VidmapClient, terminal: Terminal, submission: Submission, *, wait: bool, as_json: bool
) -> None:
    async with client:
        job = await client.submit(
            submission.youtube_url,
            user_id=submission.user_id,
            options=submission.options,
            force=submission.force,
            priority=submission.priority,
        )
        if wait:
            await _follow(client, terminal, job, as_json=as_json)
        elif as_json:
            terminal.write(job.model_dump_json())
        else:
            terminal.show_job(job)


async def _follow(client: VidmapClient, terminal: Terminal, job: Job, *, as_json: bool) -> None:
    try:
        ended = await _until_final(client, terminal, job)
    except asyncio.CancelledError:
        terminal.note(f"The job goes on. See how it stands with: vidmap status {job.id}")
        raise
    if ended.status is not JobStatus.COMPLETED:
        if as_json:
            terminal.write(ended.model_dump_json())
        terminal.complain(failure_of(ended))
        raise typer.Exit(FAILED)
    mindmap = await client.mindmap(ended.video_id)
    if as_json:
        document = {"job": ended.model_dump(mode="json"), "mindmap": mindmap.model_dump(mode="json")}
        terminal.write(json.dumps(document, ensure_ascii=False))
    else:
        terminal.show_outline(mindmap)
        terminal.show_timings(await _with_all_timings(client, ended))


async def _with_all_timings(client: VidmapClient, job: Job) -> Job:
    """The job with the times of every stage: the last ones report beside the result, perhaps a moment later."""
    for _ in range(_TIMING_LOOKS):
        if job.cached or any(timing.stage is Stage.INDEXING for timing in job.stages):
            break
        await asyncio.sleep(_TIMING_PAUSE_S)
        job = await client.status(job.id)
    return job


async def _until_final(client: VidmapClient, terminal: Terminal, job: Job) -> Job:
    with create_view(terminal.err) as view:
        view.show(job)
        if not job.status.is_final:
            async for event in client.events(job_id=job.id):
                view.show(event.job)
    return await client.status(job.id)


async def _status(client: VidmapClient, terminal: Terminal, job_id: UUID, *, as_json: bool) -> None:
    async with client:
        job = await client.status(job_id)
    if as_json:
        terminal.write(job.model_dump_json())
    else:
        terminal.show_job(job)
        terminal.show_timings(job)


async def _show_map(client: VidmapClient, terminal: Terminal, video_id: str, format_name: str) -> None:
    async with client:
        if format_name == "outline":
            terminal.show_outline(await client.mindmap(video_id))
        else:
            terminal.write((await client.document(video_id, format_name)).decode())
