"""One line of notation says one element."""

from __future__ import annotations

import pytest

from vbpr_conformance.errors import UsageError
from vbpr_conformance.ig.notation_elements import element
from vbpr_conformance.ig.notation_names import Guide, SourceLocation

PLACE = SourceLocation(Guide("http://a.example", "1.0", "4.0.1", {"b": "http://b.example"}), "a/profiles.yaml", 7)
SD = "http://hl7.org/fhir/StructureDefinition/"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1..1", {"min": 1, "max": "1"}),
        ("0..* MS SU ?!", {"min": 0, "max": "*", "mustSupport": True, "isSummary": True, "isModifier": True}),
        ("string | dateTime", {"type": [{"code": "string"}, {"code": "dateTime"}]}),
        (
            "Reference(Group | b:org | own)",
            {
                "type": [
                    {
                        "code": "Reference",
                        "targetProfile": [
                            f"{SD}Group",
                            "http://b.example/StructureDefinition/org",
                            "http://a.example/StructureDefinition/own",
                        ],
                    }
                ]
            },
        ),
        (
            "canonical(b:m|2.0)",
            {"type": [{"code": "canonical", "targetProfile": ["http://b.example/StructureDefinition/m|2.0"]}]},
        ),
        (
            "Extension(http://c.example/x)",
            {"type": [{"code": "Extension", "profile": ["http://c.example/x"]}]},
        ),
        (
            "System.String(id)",
            {
                "type": [
                    {
                        "extension": [{"url": f"{SD}structuredefinition-fhir-type", "valueUrl": "id"}],
                        "code": "http://hl7.org/fhirpath/System.String",
                    }
                ]
            },
        ),
        (
            "from b:codes|1 (extensible)",
            {"binding": {"strength": "extensible", "valueSet": "http://b.example/ValueSet/codes|1"}},
        ),
        ("from - (example)", {"binding": {"strength": "example"}}),
        (
            "from a (preferred, max b:all)",
            {
                "binding": {
                    "strength": "preferred",
                    "extension": [
                        {
                            "url": f"{SD}elementdefinition-maxValueSet",
                            "valueCanonical": "http://b.example/ValueSet/all",
                        }
                    ],
                    "valueSet": "http://a.example/ValueSet/a",
                }
            },
        ),
        ("0..* like group.population", {"min": 0, "max": "*", "contentReference": "#MeasureReport.group.population"}),
        (
            "sliced by value:url and type:$this ordered closed",
            {
                "slicing": {
                    "discriminator": [{"type": "value", "path": "url"}, {"type": "type", "path": "$this"}],
                    "ordered": True,
                    "rules": "closed",
                }
            },
        ),
        ("= code(summary)", {"fixedCode": "summary"}),
        (
            "MS uri = uri(http://a.example?b=c)",
            {"mustSupport": True, "type": [{"code": "uri"}], "fixedUri": "http://a.example?b=c"},
        ),
        ("~ Identifier(system=urn:a, value=1)", {"patternIdentifier": {"system": "urn:a", "value": "1"}}),
        (
            "~ CodeableConcept(coding=http://a.example#b)",
            {"patternCodeableConcept": {"coding": [{"system": "http://a.example", "code": "b"}]}},
        ),
        ("", {}),
    ],
)
def test_a_line_says_what_it_says(line, said):
    """Each part of a line becomes the part of an ElementDefinition that it stands for."""
    assert element(line, "MeasureReport", PLACE) == said


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("MS 1..1", "'1..1' is no type"),
        ("1..1 must", "'must' is no type"),
        ("1-1", "'1-1' is no type"),
        ("from a (sometimes)", "no strength"),
        ("from a", "ends too early"),
        ("from", "expected a value set"),
        ("sliced value:url", "`sliced` without `by`"),
        ("sliced by url", "no discriminator"),
        ("= summary", "no value"),
        ("~ Identifier(urn:a)", "no part of a value"),
        ("Extension(c:x)", "the guide 'c'"),
        ("from c:x (required)", "the guide 'c'"),
        ("like", "expected the path"),
        ("string MS", "cannot stand here"),
        ("string decimal", "cannot stand here"),
    ],
)
def test_a_mistake_names_file_and_line(line, part):
    """What cannot be read is one sentence with its place."""
    with pytest.raises(UsageError, match=r"^a/profiles.yaml:7: ") as caught:
        element(line, "MeasureReport", PLACE)
    assert part in str(caught.value)
