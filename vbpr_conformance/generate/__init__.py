"""Synthetic resources from a profile: conformant ones, and ones with exactly one named rule broken."""
