"""Title, channel, duration, chapters and caption tracks of a video."""
