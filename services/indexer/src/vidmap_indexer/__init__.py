"""Stores finished videos and indexes them for search."""
