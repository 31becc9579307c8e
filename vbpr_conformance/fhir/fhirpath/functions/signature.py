"""How a function looks to the compiler."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from vbpr_conformance.fhir.fhirpath.values import Env, Items


class Function(NamedTuple):
    """A function of its input and its arguments, each a collection, with the least and most arguments it takes."""

    call: Callable[[Items, list[Items], Env], Items]
    least: int = 0
    most: int = 0
