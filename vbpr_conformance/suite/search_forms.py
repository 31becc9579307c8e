"""The forms in which a search parameter can be asked for, by its type: the rows of a search family.

https://hl7.org/fhir/R4/search.html#ptypes. R4 has a server refuse a modifier that it does not support, and does not say
which modifiers and prefixes it has to: such a refusal is a warning, but what is answered has to be right.
"""

from __future__ import annotations

from dataclasses import dataclass

from vbpr_conformance.fhir.fhirpath.expression_paths import extension_url, steps
from vbpr_conformance.fhir.fhirpath.parser import parse
from vbpr_conformance.fhir.fhirpath.syntax import MemberName
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import SearchParameter

COMPARATORS = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")


@dataclass(frozen=True)
class Form:
    """One way to ask. `name` is the row, `modifier` stands after the parameter's name, `prefix` before the value."""

    name: str
    modifier: str = ""
    prefix: str = ""
    answered: str = "SHALL"
    """SHOULD where R4 defines the form and does not say that every server has to support it: a refusal is a warning."""
    expectation: str = ""
    """SHOULD where R4 asks no more; else that of the requirement."""


_ANY = (Form("or", answered="SHOULD"), Form("missing", modifier=":missing", answered="SHOULD"))
_TOKEN = (
    Form("code"),
    Form("system-code"),
    Form("no-system"),
    Form("system-only"),
    Form("not", modifier=":not", answered="SHOULD"),
)
_CODE = (Form("code"), Form("not", modifier=":not", answered="SHOULD"))
_RARE = {"sa", "eb", "ap"}
_DATE = (
    Form("day"),
    *(Form(each, prefix=each, answered="SHOULD" if each in _RARE else "SHALL") for each in COMPARATORS),
)
_REFERENCE = (Form("type-and-id"), Form("id"), Form("absolute"))
_CANONICAL = (Form("url"), Form("url-and-version", expectation="SHOULD"))


def element_type(parameter: SearchParameter, resource_type: str, edition: Edition) -> str | None:
    """The type of what a plain path, or the value of an extension, points to; None for other expressions."""
    extension = _extension(parameter)
    profile = edition.find_profile(extension or resource_type)
    element = profile.by_id.get("Extension.value[x]" if extension else parameter.expression) if profile else None
    return element.types[0].code if element and element.types else None


def _extension(parameter: SearchParameter) -> str | None:
    """The URL of the extension whose value a parameter reads."""
    match steps(parse(parameter.expression)) if parameter.expression else ():
        case (*_, call, MemberName(name="value")):
            return extension_url(call)
    return None


def forms(parameter: SearchParameter, resource_type: str, edition: Edition) -> tuple[Form, ...]:
    """The forms of a parameter, in a fixed order; none for types whose rules are not known here."""
    kind = element_type(parameter, resource_type, edition)
    if parameter.type == "date":
        return _DATE + _ANY
    if parameter.type == "token":
        return (_CODE if kind in {"code", "boolean", "string", "uri"} else _TOKEN) + _ANY
    if parameter.type == "reference":
        return (_CANONICAL if kind == "canonical" else _REFERENCE) + _ANY
    if parameter.type == "uri":
        return _CANONICAL[:1] + _ANY
    return ()
