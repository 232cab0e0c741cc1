"""The metrics that every stage has; a service adds its own in its `metrics.py`. Labels come from closed sets."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900)


class StageMetrics:
    """Counters of one process.

    Args:
        service: gives the prefix `vidmap_<service>_`.
        registry: where they are registered.
    """

    def __init__(self, service: str, registry: CollectorRegistry) -> None:
        prefix = f"vidmap_{service}"
        # Records by how they ended: done, retried, buried, handed_back.
        self.records = Counter(
            f"{prefix}_records", "Records by how they ended", ["topic", "outcome"], registry=registry
        )
        # From the moment a slot was free to the end of the handler.
        self.seconds = Histogram(
            f"{prefix}_record_seconds", "Time in the handler", ["topic"], buckets=_BUCKETS, registry=registry
        )
        # Compare with the process' bound to see whether another replica would help.
        self.in_flight = Gauge(f"{prefix}_records_in_flight", "Records in work now", ["topic"], registry=registry)
        # Stays flat while the broker is well: what fails to be retried is held, not lost.
        self.failures_held = Counter(
            f"{prefix}_failures_held", "How often a failed record could not be put anywhere yet", registry=registry
        )
        ProcessCollector(registry=registry)
