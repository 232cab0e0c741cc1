"""The HTTP face of vidmap: accepts jobs, releases them, streams their progress, serves results."""
