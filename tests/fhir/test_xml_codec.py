"""XML is read and written by the structure of the types, without loss, and nothing dangerous is read."""

from __future__ import annotations

import tarfile

import pytest

from vbpr_conformance.fhir.json_codec import FormatError, dumps, loads
from vbpr_conformance.fhir.xml_codec import dumps as to_xml
from vbpr_conformance.fhir.xml_codec import loads as from_xml
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.edition_structure import EditionStructure

HEAD = '<MeasureReport xmlns="http://hl7.org/fhir">'


@pytest.fixture(scope="module")
def structure(packages):
    return EditionStructure(Edition.from_packages("R4", "http://hl7.org/fhir", packages / "hl7.fhir.r4.core-4.0.1.tgz"))


def examples(package):
    with tarfile.open(package) as archive:
        for member in archive:
            if member.name.endswith(".json") and ("/example/" in member.name or "/Measure" in member.name):
                resource = loads(archive.extractfile(member).read())
                if "resourceType" in resource:
                    yield member.name, resource


def without_narrative(value):
    """The payload with the text of narratives left out and every number as it was written."""
    if isinstance(value, dict):
        return {key: "" if key == "div" else without_narrative(inner) for key, inner in value.items()}
    return [without_narrative(inner) for inner in value] if isinstance(value, list) else dumps(value)


@pytest.mark.parametrize(
    "package",
    [
        "hl7.fhir.us.davinci-vbpr-1.1.0",
        "hl7.fhir.us.davinci-vbpr-1.0.0",
        "hl7.fhir.us.davinci-deqm-5.0.0",
        "hl7.fhir.us.davinci-deqm-3.1.0",
        "hl7.fhir.us.core-6.1.0",
    ],
)
def test_official_examples_survive_xml(packages, structure, package):
    """Every example of the guides comes back from XML as it was, numbers as written, in stable form."""
    count = 0
    for name, resource in examples(packages / f"{package}.tgz"):
        back = from_xml(to_xml(resource, structure), structure)
        assert without_narrative(back) == without_narrative(resource), name
        assert from_xml(to_xml(back, structure), structure) == back, name
        count += 1
    assert count > 30


@pytest.mark.parametrize("name", ["patient-example", "questionnaire-example", "valueset-example-expansion"])
def test_official_xml_is_read_whole(shared, structure, name):
    """FHIR's own XML examples are read, and written again as the same content."""
    first = from_xml((shared / "testcases" / "fhirpath" / f"{name}.xml").read_bytes(), structure)
    assert from_xml(to_xml(first, structure), structure) == first


def report(**more):
    return {"resourceType": "MeasureReport", **more}


@pytest.mark.parametrize(
    "resource",
    [
        report(
            id="a", status="complete", _status={"id": "s", "extension": [{"url": "http://x", "valueBoolean": False}]}
        ),
        report(_date={"extension": [{"url": "http://x", "valueCode": "unknown"}]}),
        {
            "resourceType": "Organization",
            "alias": ["a", None, "c"],
            "_alias": [None, {"id": "b"}, {"extension": [{"url": "http://x", "valueString": "\n\t\u00e9\U0001f600"}]}],
        },
        {"resourceType": "Organization", "_alias": [{"id": "x"}, {"id": "y"}]},
        report(contained=[{"resourceType": "Organization", "id": "o", "name": "O"}, {"resourceType": "Patient"}]),
        report(
            group=[{"id": "g", "measureScore": {"value": loads("1.0e2")}}, {"measureScore": {"value": loads("-0")}}]
        ),
        report(text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>a &lt; b</p></div>'}),
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"fullUrl": "urn:x", "resource": {"resourceType": "Patient", "active": True}}],
        },
    ],
)
def test_every_form_of_json_has_its_form_in_xml(structure, resource):
    """Primitive ids and extensions, null padding, contained resources, numbers and narrative come back exactly."""
    assert dumps(from_xml(to_xml(resource, structure), structure)) == dumps(resource)


def test_named_characters_of_html_are_kept_as_characters(structure):
    """A narrative may use HTML's named characters; XML gets the characters themselves."""
    resource = report(text={"div": '<div xmlns="http://www.w3.org/1999/xhtml">a&nbsp;&copy; &amp;</div>'})
    back = from_xml(to_xml(resource, structure), structure)
    assert back["text"]["div"] == '<div xmlns="http://www.w3.org/1999/xhtml">a\xa0\xa9 &amp;</div>'


def test_narrative_is_kept_without_foreign_declarations(structure):
    """Namespaces that only the surrounding XML declares do not get into the text of a narrative."""
    xml = (
        '<f:MeasureReport xmlns:f="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:schemaLocation="http://hl7.org/fhir x.xsd"><f:text><f:status value="generated"/>'
        '<div xmlns="http://www.w3.org/1999/xhtml"><b>x</b></div></f:text></f:MeasureReport>'
    )
    assert from_xml(xml, structure)["text"]["div"] == '<div xmlns="http://www.w3.org/1999/xhtml"><b>x</b></div>'


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        (
            f'{HEAD[:-1]} xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="a b"><id value="a"/>',
            "schema",
        ),
        (HEAD, "is empty"),
    ],
)
def test_what_exchanged_xml_shall_not_have_is_told_to_those_who_judge(structure, xml, said):
    """The name of a schema, an element without content (https://hl7.org/fhir/R4/xml.html); others read it as it is."""
    problems = []
    from_xml(f"{xml}</MeasureReport>", structure, problems)
    assert [(said in each.message, each.expression) for each in problems] == [(True, "MeasureReport")]
    assert from_xml(f"{xml}</MeasureReport>", structure)["resourceType"] == "MeasureReport"


DANGERS = [
    '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + HEAD + '<id value="&b;"/></MeasureReport>',
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + HEAD + '<id value="a"/>&a;</MeasureReport>',
    '<?xml version="1.0"?>\n<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + HEAD + "</MeasureReport>",
]


@pytest.mark.parametrize("xml", DANGERS)
def test_document_types_and_entities_are_refused(structure, xml):
    """A document type is refused before anything in it is looked at, also where problems are collected."""
    for problems in (None, []):
        with pytest.raises(FormatError, match=r"line \d+, column \d+: a document type \(DTD\) is not allowed in FHIR"):
            from_xml(xml, structure, problems)


def test_a_document_type_in_a_narrative_is_refused(structure):
    """The text of a narrative is parsed with the same care."""
    bad = report(text={"div": '<!DOCTYPE x [<!ENTITY a "b">]><div xmlns="http://www.w3.org/1999/xhtml">&a;</div>'})
    with pytest.raises(FormatError, match=r"MeasureReport\.text\.div: a document type"):
        to_xml(bad, structure)


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ("", "nothing to read"),
        ("{}", "no well-formed XML: Start tag expected"),
        ("<MeasureReport/>", "<MeasureReport> has no namespace, expected 'http://hl7.org/fhir'"),
        ('<Foo xmlns="http://hl7.org/fhir"/>', "<Foo> is no resource type that is known here"),
        ('<Resource xmlns="http://hl7.org/fhir"/>', "<Resource> is no resource type that is known here"),
        (HEAD + '<id value="&x;"/></MeasureReport>', "Entity 'x' not defined"),
        (HEAD + '<id value="a">\n</MeasureReport>', r"line 2, column \d+: no well-formed XML: Opening and ending tag"),
        ('<?xml version="1.0" encoding="UTF-16"?><a/>', "the encoding is UTF-16, FHIR takes UTF-8 alone"),
        (HEAD + "<extension>" * 230 + "</extension>" * 230 + "</MeasureReport>", "nested deeper than 200"),
        (
            HEAD + "<extension>" * 9000 + "</extension>" * 9000 + "</MeasureReport>",
            "no well-formed XML: Excessive depth",
        ),
    ],
)
def test_what_is_no_resource_is_said_with_its_place(structure, xml, message):
    """What cannot be read at all is one error with line and column, whether problems are collected or not."""
    for problems in (None, []):
        with pytest.raises(FormatError, match=message):
            from_xml(xml.encode(), structure, problems)
    with pytest.raises(FormatError, match=r"^line \d+, column \d+: "):
        from_xml(xml.encode(), structure)


PROBLEMS = [
    ('<status value="complete"/><id value="a"/>', "<id> stands after <status>", {"status": "complete", "id": "a"}),
    ('<status value="complete"/><status value="error"/>', "<status> is there 2 times", {"status": "complete"}),
    ('<foo value="a"/>', "<foo> is no element of MeasureReport", {}),
    ('<id xmlns="urn:x" value="a"/>', "<id> has the namespace 'urn:x'", {}),
    ('<id value="a" x="b"/>', "the attribute 'x' is not allowed here", {"id": "a"}),
    ("<status/>", "<status> has neither a value nor an extension", {}),
    ("complete", "text 'complete' is not allowed here", {}),
    ("<contained/>", "expected one resource inside, found 0", {}),
    ("<contained><Foo/></contained>", "<Foo> is no resource type", {}),
    ('<group><extension foo="a"/></group>', "the attribute 'foo'", {"group": [{"extension": [{}]}]}),
]


@pytest.mark.parametrize(("inside", "message", "rest"), PROBLEMS)
def test_what_breaks_the_structure_is_raised_or_collected(structure, inside, message, rest):
    """A structural mistake raises with its line; with a list for problems it is noted once, and the rest is read."""
    xml = f"{HEAD}\n{inside}</MeasureReport>"
    with pytest.raises(FormatError, match=rf"line [12], column 1: MeasureReport[^ ]*: {message}"):
        from_xml(xml, structure)
    problems = []
    assert from_xml(xml, structure, problems) == report(**rest)
    assert [each.message.startswith(message) for each in problems] == [True]
    assert problems[0].expression.startswith("MeasureReport")


@pytest.mark.parametrize("text", ["01", "1.", "abc", "+1.5", " 1"])
def test_text_that_is_no_number_stays_text(structure, text):
    """A value that is not of its type is handed on as text, so that a validator can say what is wrong with it."""
    xml = f'{HEAD}<group><population><count value="{text}"/></population></group></MeasureReport>'
    assert from_xml(xml, structure)["group"][0]["population"][0]["count"] == text.strip("\n")


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ([], "the input: no resource of a type that is known here"),
        ({"resourceType": "Foo"}, "the input: no resource of a type that is known here"),
        (report(foo=1), "MeasureReport: 'foo' is no element of it"),
        (report(_group=[{}]), "MeasureReport: '_group' is no element of it"),
        (report(group={}), r"MeasureReport\.group: expected an array, found an object"),
        (report(status=["x"]), r"MeasureReport\.status: expected no array, found an array"),
        (report(status={}), r"MeasureReport\.status: expected a string, number or boolean, found an object"),
        (report(group=["x"]), r"MeasureReport\.group\[0\]: expected an object, found a string"),
        (report(_status="x"), r"MeasureReport\.status: expected an object with id or extension, found a string"),
        (report(status="a\x00"), r"MeasureReport\.status: holds a character that XML cannot"),
        (report(contained=[{}]), r"MeasureReport\.contained\[0\]: no resource of a type"),
        (report(text={"div": "<p>x</p>"}), r"MeasureReport\.text\.div: a narrative is a <div>"),
        (report(text={"div": "<div>"}), r"MeasureReport\.text\.div: no well-formed XHTML"),
    ],
)
def test_what_has_no_form_in_xml_is_refused(structure, resource, message):
    """Data that XML cannot hold is an error with its path, never left out in silence."""
    with pytest.raises(FormatError, match=f"^{message}"):
        to_xml(resource, structure)
