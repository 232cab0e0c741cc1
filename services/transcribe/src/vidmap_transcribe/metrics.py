"""What this service counts beside what every stage has."""

from prometheus_client import CollectorRegistry, Counter, Histogram

_BUCKETS = (0.5, 1, 2, 4, 8, 15, 30, 60, 120)


class TranscribeMetrics:
    """Counters of the transcribe process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        # By source: the share of captions_* says how much work the speech workers are spared.
        self.transcripts = Counter(
            "vidmap_transcribe_transcripts", "Transcripts published", ["source"], registry=registry
        )


class SpeechMetrics:
    """Counters of the speech worker."""

    def __init__(self, registry: CollectorRegistry) -> None:
        # Seconds of recording per second of clock tell how many workers are needed.
        self.audio_seconds = Counter("vidmap_speech_audio_seconds", "Recorded seconds recognised", registry=registry)
        self.window_seconds = Histogram(
            "vidmap_speech_window_seconds", "Time for one window", buckets=_BUCKETS, registry=registry
        )
