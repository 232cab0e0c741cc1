"""Job events in Redis streams, fanned out to the listeners of this process.

One cursor reads the stream of all jobs, so a reconnect misses nothing (Pub/Sub would lose what was sent meanwhile).
The same entry, with the same id, stands in a stream of its scope: from there a listener that comes back is told
what it missed.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from pydantic import TypeAdapter
from redis.exceptions import RedisError

from vidmap_gateway.adapters.redis import BLOCK_S, Client, RedisLink
from vidmap_gateway.domain import Job
from vidmap_gateway.ports import JobEvent, job_scope, user_scope

log = structlog.get_logger()

ALL = "vidmap:events"
# A listener that falls this far behind is dropped; it comes back and is told what it missed.
QUEUE_LENGTH = 256
_REPLAY_BATCH = 50
_BATCH = 500
_SHORTEST_WAIT_S = 0.1
_LONGEST_WAIT_S = 2.0
PUBLISH = """
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', 10000, '*', 'job', ARGV[1])
for scope = 2, #KEYS do
    redis.call('XADD', KEYS[scope], 'MAXLEN', '~', 1000, id, 'job', ARGV[1])
    redis.call('EXPIRE', KEYS[scope], 86400)
end
return id
"""

Entry = tuple[str, dict[str, str]]
"""Id and fields of an entry of a stream."""

_jobs = TypeAdapter(Job)


class RedisSubscription:
    """What one listener has not heard yet."""

    def __init__(self, scope: str, link: RedisLink) -> None:
        self._scope = scope
        self._link = link
        # None says that there may be news which do not come this way: the listener asks the database.
        self._queue: asyncio.Queue[JobEvent | None] = asyncio.Queue(QUEUE_LENGTH)
        self._ended = False

    def offer(self, event: JobEvent | None) -> None:
        """Add an event; a listener that is too slow is dropped."""
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """Let the listener go, now."""
        self._ended = True
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    @property
    def ended(self) -> bool:
        """Whether nothing more comes: the hub closes, or the listener was too slow."""
        return self._ended

    async def next(self, timeout: float) -> JobEvent | None:
        """The next event; None after `timeout` seconds of silence, where it ended, or where the database knows more."""
        if self._ended:
            return None
        try:
            async with asyncio.timeout(timeout):
                return await self._queue.get()
        except TimeoutError:
            return None

    async def cursor(self) -> str | None:
        """Id of the newest event of all jobs; None while the stream cannot be read, or is empty."""
        newest: Any = await self._link.ask(lambda redis: redis.xrevrange(ALL, count=1))
        return newest[0][0] if newest else None

    async def missed(self, last_id: str) -> AsyncIterator[JobEvent]:
        """What was published in the scope after `last_id`, oldest first; nothing where that is no id."""
        if not _is_id(last_id):
            return
        entries = await self._link.ask(lambda redis: _after(redis, _stream(self._scope), last_id))
        for count, (entry_id, fields) in enumerate(entries or ()):
            if count % _REPLAY_BATCH == 0:
                # A listener that is gone takes everything at once: let others have their turn.
                await asyncio.sleep(0)
            yield JobEvent(entry_id, _jobs.validate_json(fields["job"]))


class RedisEventHub:
    """Publishes to Redis, and hands what comes from there to the listeners of this process."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._subscriptions: dict[str, set[RedisSubscription]] = {}
        self._live = False
        self._closed = False

    @property
    def live(self) -> bool:
        """Whether events arrive; while not, listeners ask the database."""
        return self._live

    async def publish(self, job: Job) -> None:
        """Tell every listener of the job and of its user, in every gateway."""
        keys = [ALL, _stream(job_scope(job.id)), _stream(user_scope(job.user_id))]
        body = _jobs.dump_json(job).decode()

        async def add(redis: Client) -> None:
            await redis.eval(PUBLISH, len(keys), *keys, body)

        await self._link.ask(add)

    @asynccontextmanager
    async def subscribe(self, scope: str) -> AsyncGenerator[RedisSubscription]:
        """Listen to a scope: `job_scope` or `user_scope`."""
        subscription = RedisSubscription(scope, self._link)
        listeners = self._subscriptions.setdefault(scope, set())
        listeners.add(subscription)
        if self._closed:
            subscription.end()
        try:
            yield subscription
        finally:
            listeners.discard(subscription)
            if not listeners:
                self._subscriptions.pop(scope, None)

    def close(self) -> None:
        """End every subscription, now and later. Call it before the server waits for its connections to end."""
        self._closed = True
        for subscription in self._all():
            subscription.end()

    async def run(self) -> None:
        """Read the stream of all jobs until cancelled."""
        cursor: str | None = None
        delay = _SHORTEST_WAIT_S
        redis = self._link.blocking_client()
        try:
            while True:
                try:
                    cursor = await self._read(redis, cursor)
                    delay = _SHORTEST_WAIT_S
                except (RedisError, OSError, TimeoutError) as error:
                    self._set_live(False, str(error) or type(error).__name__)
                    await asyncio.sleep(delay)
                    delay = min(delay * 2, _LONGEST_WAIT_S)
        finally:
            await redis.aclose()

    async def _read(self, redis: Client, cursor: str | None) -> str:
        """Fan out what comes after `cursor`; returns the new cursor."""
        if cursor is None:
            newest: Any = await redis.xrevrange(ALL, count=1)
            entries, cursor = [], str(newest[0][0]) if newest else "0-0"
        else:
            # The first read after an outage must not wait: only its answer tells that Redis is back.
            block = int(BLOCK_S * 1000) if self._live else None
            entries = _entries(await redis.xread({ALL: cursor}, block=block, count=_BATCH))
        for entry_id, fields in entries:
            self._fan_out(JobEvent(entry_id, _jobs.validate_json(fields["job"])))
        self._set_live(True, None)
        return entries[-1][0] if entries else cursor

    def _fan_out(self, event: JobEvent) -> None:
        for scope in (job_scope(event.job.id), user_scope(event.job.user_id)):
            for subscription in tuple(self._subscriptions.get(scope, ())):
                subscription.offer(event)

    def _set_live(self, live: bool, error: str | None) -> None:
        if live == self._live:
            return
        self._live = live
        log.info("job events are live" if live else "job events come from the database", error=error)
        for subscription in self._all():
            subscription.offer(None)

    def _all(self) -> list[RedisSubscription]:
        return [subscription for listeners in self._subscriptions.values() for subscription in listeners]


async def _after(redis: Client, stream: str, last_id: str) -> list[Entry]:
    found: Any = await redis.xrange(stream, min=f"({last_id}")
    return found


def _is_id(text: str) -> bool:
    milliseconds, _, sequence = text.partition("-")
    return milliseconds.isdecimal() and (not sequence or sequence.isdecimal())


def _stream(scope: str) -> str:
    return f"{ALL}:{scope}"


def _entries(reply: Any) -> list[Entry]:
    """The entries of an XREAD of one stream; the reply is a list under RESP2 and a mapping under RESP3."""
    if not reply:
        return []
    streams = list(reply.values()) if isinstance(reply, dict) else [entries for _, entries in reply]
    batches = streams[0]
    # RESP3 wraps the entries of a stream once more.
    return batches[0] if batches and isinstance(batches[0], list) else batches
