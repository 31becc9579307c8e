"""One line of notation for one element of a profile, and the ElementDefinition it stands for.

    group.code: 1..1 MS CodeableConcept from performance-metric (extensible)

The parts stand in this order, each only where it says something that the parent does not:

    1..1                                cardinality
    MS  SU  ?!                          must support, in summary, modifier
    string | Reference(A | B) | canonical(A) | Extension(a) | Quantity(SimpleQuantity)      types
    from a (required)                   binding; (preferred, max b) where codes outside b are refused; from - for none
    like group.population               the content is that of another element
    sliced by value:url and type:$this  how slices are told apart; then `ordered` or `closed`
    = code(summary)                     fixed value
    ~ Identifier(system=urn:a)          pattern; a coding is written system#code

https://hl7.org/fhir/R4/elementdefinition.html says what each means.
"""

from __future__ import annotations

import re
from typing import Any

from vbpr_conformance.ig.notation_names import SourceLocation, is_type

_FLAGS = {"MS": "mustSupport", "SU": "isSummary", "?!": "isModifier"}
_STRENGTHS = ("required", "extensible", "preferred", "example")
_DISCRIMINATORS = ("value", "exists", "pattern", "type", "profile")
_TOKEN = re.compile(r"\([^()]*\)|[^\s()]+(?:\([^()]*\))?")
_CARDINALITY = re.compile(r"([0-9]+)\.\.([0-9]+|\*)")
_CALL = re.compile(r"([A-Za-z0-9.]+)(?:\((.*)\))?")
_FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
_MAX_VALUE_SET = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
_ORDER = "cardinality, flags, types, `from`, `like`, `sliced by`, then `=` or `~`"


def element(line: str, root: str, place: SourceLocation) -> dict[str, Any]:
    """Read the line of one element; `root` is the type the profile is about. Id and path are the caller's."""
    head, sign, value = _split_value(line)
    tokens = _Tokens(head, place)
    read: dict[str, Any] = {}
    if cardinality := tokens.take_match(_CARDINALITY):
        read["min"], read["max"] = int(cardinality[1]), cardinality[2]
    while tokens.next in _FLAGS:
        read[_FLAGS[tokens.take()]] = True
    if types := _types(tokens, place):
        read["type"] = types
    if tokens.skip("from"):
        read["binding"] = _binding(tokens, place)
    if tokens.skip("like"):
        read["contentReference"] = f"#{root}.{tokens.take('the path of an element')}"
    if tokens.skip("sliced"):
        read["slicing"] = _slicing(tokens, place)
    if tokens.next:
        raise place.wrong(f"{tokens.next!r} cannot stand here", f"expected {_ORDER}")
    if sign:
        type_name, content = _value(value, place)
        read[("fixed" if sign == "=" else "pattern") + type_name[0].upper() + type_name[1:]] = content
    return read


def _split_value(line: str) -> tuple[str, str, str]:
    """Split off `= value` or `~ value`, which goes to the end of the line."""
    for sign in ("=", "~"):
        head, found, value = f" {line}".partition(f" {sign} ")
        if found:
            return head, sign, value
    return line, "", ""


class _Tokens:
    def __init__(self, line: str, place: SourceLocation) -> None:
        self._place = place
        self._tokens: list[str] = _TOKEN.findall(line)[::-1]

    @property
    def next(self) -> str:
        return self._tokens[-1] if self._tokens else ""

    def take(self, expected: str = "") -> str:
        if not self._tokens:
            raise self._place.wrong("the line ends too early", f"expected {expected}")
        return self._tokens.pop()

    def take_match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.fullmatch(self.next)
        if found:
            self._tokens.pop()
        return found

    def skip(self, word: str) -> bool:
        if self.next != word:
            return False
        self._tokens.pop()
        return True


def _types(tokens: _Tokens, place: SourceLocation) -> list[dict[str, Any]]:
    types: list[dict[str, Any]] = []
    while tokens.next not in ("", "from", "like", "sliced"):
        types.append(_type(tokens.take(), place))
        if not tokens.skip("|"):
            break
    return types


def _type(token: str, place: SourceLocation) -> dict[str, Any]:
    """Read `string`, `Reference(A | B)`, `Extension(a)`, or `System.String(id)`: what FHIRPath sees, shown as an id."""
    call = _CALL.fullmatch(token)
    if call is None or not is_type(call[1]):
        raise place.wrong(f"{token!r} is no type", "expected `string` or `Reference(A | B)` or the like")
    code, inner = call[1], call[2]
    if code.startswith("System."):
        system = f"http://hl7.org/fhirpath/{code}"
        return {"extension": [{"url": _FHIR_TYPE, "valueUrl": inner}], "code": system} if inner else {"code": system}
    if inner is None:
        return {"code": code}
    named = [place.canonical(name.strip(), "StructureDefinition") for name in inner.split(" | ")]
    return {"code": code, "targetProfile" if code in ("Reference", "canonical") else "profile": named}


def _binding(tokens: _Tokens, place: SourceLocation) -> dict[str, Any]:
    name = tokens.take("a value set")
    strength, comma, most = tokens.take("(required) or another strength").strip("()").partition(", max ")
    if strength not in _STRENGTHS:
        raise place.wrong(f"{strength!r} is no strength of a binding", f"expected one of {', '.join(_STRENGTHS)}")
    binding: dict[str, Any] = {"strength": strength}
    if comma:
        binding["extension"] = [{"url": _MAX_VALUE_SET, "valueCanonical": place.canonical(most, "ValueSet")}]
    if name != "-":
        binding["valueSet"] = place.canonical(name, "ValueSet")
    return binding


def _slicing(tokens: _Tokens, place: SourceLocation) -> dict[str, Any]:
    if not tokens.skip("by"):
        raise place.wrong("`sliced` without `by`", "expected `sliced by value:url` or the like")
    discriminators = []
    while True:
        kind, _, path = tokens.take("value:url or the like").partition(":")
        if kind not in _DISCRIMINATORS or not path:
            raise place.wrong(
                f"{kind!r} is no discriminator", f"expected one of {', '.join(_DISCRIMINATORS)}, `:` and a path"
            )
        discriminators.append({"type": kind, "path": path})
        if not tokens.skip("and"):
            break
    ordered = tokens.skip("ordered")
    return {"discriminator": discriminators, "ordered": ordered, "rules": "closed" if tokens.skip("closed") else "open"}


def _value(value: str, place: SourceLocation) -> tuple[str, Any]:
    """Read `code(summary)` or `Identifier(system=urn:a, value=b)`; a part `coding` is written system#code."""
    call = _CALL.fullmatch(value)
    if call is None or not call[2]:
        raise place.wrong(f"{value!r} is no value", "expected its type and it, as in `code(summary)`")
    type_name, inner = call[1], call[2]
    if type_name[0].islower():
        return type_name, inner
    content: dict[str, Any] = {}
    for part in inner.split(", "):
        key, equals, of_key = part.partition("=")
        if not equals:
            raise place.wrong(f"{part!r} is no part of a value", "expected `name=value`")
        if key == "coding":
            system, _, code = of_key.partition("#")
            content[key] = [{"system": system, "code": code}]
        else:
            content[key] = of_key
    return type_name, content
