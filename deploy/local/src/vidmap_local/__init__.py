"""The embedded stack: broker, database and cache from wheels, and a supervisor for every process."""
