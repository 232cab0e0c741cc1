"""Pure rules: captions, cues in time, and where a recording is cut."""
