"""The embedded reference server (ASGI) and its catalogue of faults."""
