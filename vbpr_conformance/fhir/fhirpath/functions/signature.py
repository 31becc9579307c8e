"""How a function looks to the compiler."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from vbpr_conformance.fhir.fhirpath.evaluation import Environment, Items


class Function(NamedTuple):
    """A function of its input and its arguments, each a collection, with the least and most arguments it takes."""

    call: Callable[[Items, list[Items], Environment], Items]
    least: int = 0
    most: int = 0
