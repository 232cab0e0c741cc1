"""Digests that name what shaped a result."""

import hashlib
import json

from vidmap_contracts.job import ProcessingOptions


def options_digest(options: ProcessingOptions) -> str:
    """The first 16 hex digits of the SHA-256 of the options as canonical JSON: equal options, equal digest."""
    canonical = json.dumps(options.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
