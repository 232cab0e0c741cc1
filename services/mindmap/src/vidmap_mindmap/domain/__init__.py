"""The rules of mind maps: pure, without input or output."""
