"""The HTTP face: one module a resource, as thin as the Kafka handlers."""
