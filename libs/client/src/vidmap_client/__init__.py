"""Typed HTTP and SSE client of vidmap, and the vidmap command."""
