"""The target of a run: what a target file, the environment and the command line say of it, and a client for it."""
