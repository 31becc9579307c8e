"""The plain sampler: resources from `random.Random`, without Hypothesis."""

from __future__ import annotations

from vbpr_conformance.generate.builder import build, sample

__all__ = ["build", "sample"]
