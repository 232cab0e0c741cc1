"""What every vidmap service runs on: settings, telemetry, the in-flight consumer, retries, artefacts."""
