"""Typed access to a resource for tests written in Python, by the classes of `fhir.resources`.

The library has R4B, not R4. For MeasureReport, Measure, Organization, Bundle and the data types in use, names,
cardinality and repetition are the same; R4B's Extension adds `valueCodeableReference` and `valueRatioRange` and lacks
`valueMeta`. Its classes also round what they hold (`10.50` becomes 10.5), take numbers for strings and accept any
code: they are for reading alone. No verdict rests on them, and nothing that is sent has passed through them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vbpr_conformance.errors import UsageError

SHOWN = 3


def r4b_model(resource: Mapping[str, Any]) -> Any:
    """Give a resource as an object of its class in `fhir.resources.R4B`, a Pydantic model.

    Raises UsageError where R4B knows no such type or does not take the content; the message names the elements.
    """
    # Half a second of imports, which only tests that ask for a model pay.
    from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415
    from pydantic import ValidationError  # noqa: PLC0415

    kind = resource.get("resourceType")
    try:
        model = get_fhir_model_class(str(kind))
    except (KeyError, ValueError):
        raise UsageError(f"fhir.resources has no R4B class for {kind!r}: read `.resource`, the plain JSON") from None
    try:
        return model.model_validate(dict(resource))
    except ValidationError as error:
        found = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:SHOWN]]
        more = error.error_count() - len(found)
        rest = f" (and {more} more)" if more > 0 else ""
        raise UsageError(
            f"this {kind} is no R4B {kind} to fhir.resources: {'; '.join(found)}{rest}. Read `.resource` instead"
        ) from None
