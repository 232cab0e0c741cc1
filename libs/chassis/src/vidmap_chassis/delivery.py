"""What a handler is given beside its event: how to publish, and how to tell users how far it is."""

import os
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime

from vidmap_chassis.clock import Clock
from vidmap_chassis.publisher import EventPublisher
from vidmap_contracts.event import Event
from vidmap_contracts.job import JobProgressed, ProgressState, Stage

FINISHED_SEQUENCE = 1_000_000_000
"""Sequence of the last report of a stage: after all others."""


def worker_name(service: str) -> str:
    """Service, host and process, as logs and job events show them."""
    return f"{service}@{socket.gethostname()}:{os.getpid()}"


class Delivery:
    """One delivery of one event.

    Args:
        event: the event, or None for records of a topic that holds other topics' records.
        stage: the stage that handles it.
        attempt: how often the record failed before.
        publisher: where events go.
        worker: who handles it.
        clock: the time.
    """

    def __init__(
        self, event: Event | None, stage: Stage, attempt: int, publisher: EventPublisher, worker: str, clock: Clock
    ) -> None:
        self.attempt = attempt
        self._event = event
        self._stage = stage
        self._publisher = publisher
        self._worker = worker
        self._clock = clock

    async def publish(self, event: Event) -> None:
        """Publish an event; returns when the broker has it.

        Raises:
            aiokafka.errors.KafkaError: the broker did not take it; the record is retried.
        """
        await self._publisher.publish(event)

    async def progress(
        self,
        state: ProgressState,
        progress: int,
        *,
        message: str | None = None,
        sequence: int = 0,
        stage: Stage | None = None,
    ) -> None:
        """Tell how far the job is.

        Args:
            state: what happened.
            progress: percentage of the whole job.
            message: a short sentence for the user.
            sequence: orders several reports of the same state.
            stage: another stage than the consumer's.
        """
        if self._event is None:
            raise RuntimeError("a raw record has no job to report on")
        where = stage or self._stage
        await self.publish(
            progress_event(
                self._event,
                where,
                state,
                progress,
                at=self._clock(),
                attempt=self.attempt,
                sequence=sequence,
                message=message,
                worker=self._worker,
            )
        )

    @asynccontextmanager
    async def reporting(self, stage: Stage | None = None) -> AsyncGenerator[None]:
        """Report the start of a stage, and its end where the block ends without an error."""
        where = stage or self._stage
        await self.progress(ProgressState.STARTED, where.progress_before, stage=where)
        yield
        await self.progress(ProgressState.FINISHED, where.progress, sequence=FINISHED_SEQUENCE, stage=where)


def progress_event(
    cause: Event,
    stage: Stage,
    state: ProgressState,
    progress: int,
    *,
    at: datetime,
    attempt: int,
    sequence: int = 0,
    **fields: object,
) -> JobProgressed:
    """A report about the run that `cause` belongs to; the same report has the same id."""
    return JobProgressed.caused_by(
        cause,
        at=at,
        parts=(stage, state, attempt, sequence),
        current_stage=stage,
        state=state,
        progress=progress,
        attempt=attempt,
        **fields,
    )
