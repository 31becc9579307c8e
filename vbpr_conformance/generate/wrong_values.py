"""Wrong values, to be put where right ones stand: data of the edits that break rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

TYPES_TO_TRY = (
    "string",
    "boolean",
    "integer",
    "decimal",
    "dateTime",
    "uri",
    "Period",
    "Quantity",
    "CodeableConcept",
    "Range",
)
"""Types that a choice may be given."""
WRONG: dict[str, tuple[Any, ...]] = {
    "base64Binary": ("*", "abc", 1),
    "boolean": ("true", 1),
    "canonical": ("has space", "", 1),
    "code": (" two  spaces ", "", 1),
    "date": ("2024-13-45", "2024-1-1", "yesterday"),
    "dateTime": ("2024-02-30T25:61:00Z", "2024-01-01T10:00:00", "yesterday"),
    "decimal": ("1.5", True),
    "id": ("no spaces allowed", "x" * 65, "_"),
    "instant": ("2024-01-01", "now"),
    "integer": ("1", Decimal("1.5"), 2**31),
    "markdown": ("", 1),
    "oid": ("urn:oid:x",),
    "positiveInt": (0, "1"),
    "string": ("", 1),
    "time": ("25:00:00", "10:00"),
    "unsignedInt": (-1, "1"),
    "uri": ("has space", "", 1),
    "url": ("has space", "", 1),
    "uuid": ("urn:uuid:x",),
    "xhtml": ("no element", 1),
}
"""By primitive type, what it does not allow."""
SHAPES: tuple[Any, ...] = ("text", 1, {}, [], None, [None], True)
"""Of each JSON shape one."""
CODES = ("not-a-code", "zz", "ZZZ", "x/not-a-type")
UNKNOWN_CODE = {"system": "http://hl7.org/fhir/administrative-gender", "code": "not-a-code"}
SYSTEMS = ("relative-system", "http://hl7.org/fhir/ValueSet/administrative-gender")
TARGETS = ("Patient", "Observation", "Medication", "Questionnaire", "StructureDefinition")
"""Types of resources that hardly any reference is meant for."""
REFERENCES = (
    "Organization/no spaces",
    "Organization/",
    "Organization/1/2",
    "nothing",
    "#nowhere",
    "",
    "urn:uuid:x",
    "no/canonical|1.0.0",
)
