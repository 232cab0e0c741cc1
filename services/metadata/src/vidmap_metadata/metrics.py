"""What this service counts beside what every stage has."""

from prometheus_client import CollectorRegistry, Counter


class MetadataMetrics:
    """Counters of the metadata process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        # By source and outcome: failures of yt_dlp that oembed makes up for show up nowhere else.
        self._sources = Counter("vidmap_metadata_sources", "Sources asked", ["source", "outcome"], registry=registry)

    def count(self, source: str, outcome: str) -> None:
        """A source was asked; `outcome` is found, unknown or failed."""
        self._sources.labels(source, outcome).inc()
