"""Builds, validates and renders the mind map."""
