"""The speech worker: one window of audio in, its words out. Any number of them share the work."""
