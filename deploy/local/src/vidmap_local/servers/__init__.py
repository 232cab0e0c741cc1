"""The servers that come from wheels: how each is found, started, asked for readiness and stopped."""
