"""Transcripts in time: captions, or recognised speech window by window."""
