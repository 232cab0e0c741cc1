"""What this service counts beside what every stage has."""

from typing import Literal

from prometheus_client import CollectorRegistry, Counter

Origin = Literal["computed", "stored"]


class AnalyzeMetrics:
    """Counters of the analyze process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        # Stored ones come from redelivery, retry and replay: many of them mean that later stages fail.
        self._outlines = Counter(
            "vidmap_analyze_outlines", "Outlines by where they came from", ["origin"], registry=registry
        )
        self._kills = Counter(
            "vidmap_analyze_worker_kills", "Worker processes killed for a timeout or a cancel", registry=registry
        )

    def count(self, origin: Origin) -> None:
        """An outline was computed, or found among the artefacts."""
        self._outlines.labels(origin).inc()

    def count_kill(self) -> None:
        """A worker was killed in the middle of its work."""
        self._kills.inc()
