"""The gateway's own metrics. Labels come from closed sets."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class GatewayMetrics:
    """Counters of one gateway process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        # Path is the route's template, never the address that was asked for; event streams are not measured.
        self.request_seconds = Histogram(
            "vidmap_gateway_request_seconds",
            "Time to answer a request",
            ["method", "path", "status"],
            buckets=_BUCKETS,
            registry=registry,
        )
        # Submissions by how they were answered: cached, queued.
        self.submissions = Counter("vidmap_gateway_submissions", "Jobs taken in", ["answer"], registry=registry)
        self.dispatched = Counter("vidmap_gateway_runs_dispatched", "Runs released", registry=registry)
        # Why runs went back to the queue: stalled, orphaned.
        self.requeued = Counter("vidmap_gateway_runs_requeued", "Runs put back", ["reason"], registry=registry)
        # How runs ended: completed, failed, needs_operator.
        self.runs_ended = Counter("vidmap_gateway_runs_ended", "Runs that ended", ["outcome"], registry=registry)
        # Dead letters that name no run: an operator has to look at them.
        self.unreadable_dead_letters = Counter(
            "vidmap_gateway_unreadable_dead_letters", "Dead letters without a run", registry=registry
        )
        self.event_streams = Gauge("vidmap_gateway_event_streams", "Event streams open now", registry=registry)
