"""A folder of notation becomes FHIR JSON, and a mistake in it one line."""

from __future__ import annotations

import pytest

from vbpr_conformance.errors import UsageError
from vbpr_conformance.ig.notation import read_header, read_notation

HEADER = "title: A guide\nversion: '1.0'\ncanonical: http://a.example\nfhir: 4.0.1\npage: http://a.example/page\n"


@pytest.fixture
def folder(tmp_path):
    """Writes files of notation below a guide's folder and gives it."""

    def make(text="", **files):
        (tmp_path / "guide").mkdir(exist_ok=True)
        (tmp_path / "guide" / "guide.yaml").write_text(HEADER)
        for name, content in {"a": text, **files}.items():
            (tmp_path / "guide" / f"{name}.yaml").write_text(content)
        return tmp_path / "guide"

    return make


@pytest.fixture
def one(folder):
    """Reads one definition."""

    def read(text):
        ((_, resource),) = read_notation(folder(text))
        return resource

    return read


def elements(resource):
    """The differential by element id, without id and path."""
    return {
        each["id"]: {key: value for key, value in each.items() if key not in ("id", "path")}
        for each in resource["differential"]["element"]
    }


def test_a_profile(one):
    """A profile has its URL from the guide, its parent, and what its lines say."""
    made = one(
        """
profiles:
  mine:
    title: Mine
    of: MeasureReport
    on: other
    elements:
      extension:a: 1..1 MS Extension(a)
      group.measureScore.value: 1..1
    invariants:
      x-1: {on: [., group], says: Something holds., holds: true or false, severity: warning}
"""
    )
    assert made["url"] == "http://a.example/StructureDefinition/mine"
    assert (made["version"], made["kind"], made["type"], made["derivation"]) == (
        "1.0",
        "resource",
        "MeasureReport",
        "constraint",
    )
    assert made["baseDefinition"] == "http://a.example/StructureDefinition/other"
    rule = {"key": "x-1", "severity": "warning", "human": "Something holds.", "expression": "true or false"}
    profile = {"code": "Extension", "profile": ["http://a.example/StructureDefinition/a"]}
    assert elements(made) == {
        "MeasureReport": {"constraint": [rule]},
        "MeasureReport.extension:a": {"sliceName": "a", "min": 1, "max": "1", "mustSupport": True, "type": [profile]},
        "MeasureReport.group.measureScore.value": {"min": 1, "max": "1"},
        "MeasureReport.group": {"constraint": [rule]},
    }
    assert made["differential"]["element"][1]["path"] == "MeasureReport.extension"


def test_a_profile_without_parent_stands_on_its_type(one):
    """`on` is not needed where the parent is the type itself."""
    made = one("profiles: {mine: {of: Organization}}")
    assert made["baseDefinition"] == "http://hl7.org/fhir/StructureDefinition/Organization"


def test_a_simple_extension(one):
    """An extension with a value has no parts, and its URL."""
    made = one("extensions: {e: {context: [Measure, fhirpath(a.b)], elements: {'value[x]': 1..1 string}}}")
    assert made["context"] == [
        {"type": "element", "expression": "Measure"},
        {"type": "fhirpath", "expression": "a.b"},
    ]
    assert elements(made) == {
        "Extension": {},
        "Extension.extension": {"max": "0"},
        "Extension.url": {"fixedUri": "http://a.example/StructureDefinition/e"},
        "Extension.value[x]": {"min": 1, "max": "1", "type": [{"code": "string"}]},
    }


def test_an_extension_with_parts(one):
    """An extension with parts has no value; each part has its name as its URL and no parts of its own."""
    made = one("extensions: {e: {context: Measure, elements: {extension:p: 1..1, 'extension:p.value[x]': 1..1 code}}}")
    said = elements(made)
    assert said["Extension.value[x]"] == {"max": "0"}
    assert "Extension.extension" not in said
    assert said["Extension.extension:p.url"] == {"fixedUri": "p"}
    assert said["Extension.extension:p.extension"] == {"max": "0"}


def test_types_of_fhir(one):
    """A primitive has its value, as FHIRPath and as FHIR name it."""
    made = one("primitives: {short: {on: string, value: System.String, max-length: 3}}")
    assert (made["kind"], made["derivation"]) == ("primitive-type", "specialization")
    (value,) = [each for each in made["differential"]["element"] if each["id"] == "short.value"]
    assert value["maxLength"] == 3
    assert value["type"][0]["code"] == "http://hl7.org/fhirpath/System.String"
    assert [each["valueUrl"] for each in value["type"][0]["extension"]] == ["short"]


def test_terminology(folder):
    """Value sets and code systems as they are written."""
    made = {
        each["resourceType"]: each
        for _, each in read_notation(
            folder(
                """
value-sets:
  v:
    include:
      - system: c|2
      - {system: 'urn:x', codes: {1: One}}
      - {system: 'urn:y', codes: [a, b], where: [concept is-a z]}
      - {value-set: w}
    exclude:
      - {system: c, codes: {b: }}
code-systems:
  c: {codes: {a: A, b: {is: B, below: {b1: B one}}}, case-sensitive: false, version: '2'}
"""
            )
        )
    }
    assert made["ValueSet"]["compose"] == {
        "include": [
            {"system": "http://a.example/CodeSystem/c", "version": "2"},
            {"system": "urn:x", "concept": [{"code": "1", "display": "One"}]},
            {
                "system": "urn:y",
                "concept": [{"code": "a"}, {"code": "b"}],
                "filter": [{"property": "concept", "op": "is-a", "value": "z"}],
            },
            {"valueSet": ["http://a.example/ValueSet/w"]},
        ],
        "exclude": [{"system": "http://a.example/CodeSystem/c", "concept": [{"code": "b"}]}],
    }
    assert made["CodeSystem"]["concept"] == [
        {"code": "a", "display": "A"},
        {"code": "b", "display": "B", "concept": [{"code": "b1", "display": "B one"}]},
    ]
    assert (made["CodeSystem"]["caseSensitive"], made["CodeSystem"]["content"]) == (False, "complete")


def test_a_search_parameter(one):
    """A search parameter with its lists."""
    made = one(
        "search-parameters: {s: {code: x, type: date, of: [A, B], expression: A.x | B.x, comparators: [eq, ge]}}"
    )
    assert made["base"] == ["A", "B"]
    assert made["comparator"] == ["eq", "ge"]
    assert made["url"] == "http://a.example/SearchParameter/s"


def test_a_statement(one):
    """A capability statement with expectations, and items without."""
    made = one(
        """
statements:
  s:
    date: '2024'
    mode: server
    formats: json
    system: {transaction: SHALL, batch: '-'}
    resources:
      Measure: {expectation: MAY, profile: m, interactions: {read: SHALL}}
      List: {search: {x: token x}, conditional-create: true, conditional-delete: single, includes: 'List:x'}
"""
    )
    (rest,) = made["rest"]

    def shall(code):
        url = "http://hl7.org/fhir/StructureDefinition/capabilitystatement-expectation"
        return [{"url": url, "valueCode": code}]

    assert rest["interaction"] == [{"extension": shall("SHALL"), "code": "transaction"}, {"code": "batch"}]
    assert rest["resource"] == [
        {
            "extension": shall("MAY"),
            "type": "Measure",
            "profile": "http://a.example/StructureDefinition/m",
            "interaction": [{"extension": shall("SHALL"), "code": "read"}],
        },
        {
            "type": "List",
            "conditionalCreate": True,
            "conditionalDelete": "single",
            "searchInclude": ["List:x"],
            "searchParam": [{"name": "x", "definition": "http://a.example/SearchParameter/x", "type": "token"}],
        },
    ]


def test_layers(folder, tmp_path):
    """A layer replaces the lines it states again, adds before the others, and leaves the rest."""
    folder("profiles: {theirs: {of: Group}}")
    for name, text in {
        "shared": "profiles:\n"
        "  mine: {title: Mine, of: Group, on: p, elements: {code: MS, 'extension:a': 0..1, name: 1..1}}\n"
        "code-systems: {c: {codes: {a: A}}}\n",
        "2.0": "profiles: {mine: {elements: {code: 1..1, 'extension:b': 0..1}}}\ncode-systems: {c: {version: '9'}}\n",
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "all.yaml").write_text(text)
    edition = tmp_path / "2.0"
    (edition / "edition.yaml").write_text(HEADER.replace("'1.0'", "'2.0'") + "layers: [guide, shared]\n")
    made = {resource["id"]: (source, resource) for source, resource in read_notation(edition)}
    assert sorted(made) == ["c", "mine", "theirs"]
    source, mine = made["mine"]
    assert source == "2.0/all.yaml:1"
    assert (mine["title"], mine["version"], mine["baseDefinition"]) == (
        "Mine",
        "2.0",
        "http://a.example/StructureDefinition/p",
    )
    assert list(elements(mine)) == ["Group", "Group.extension:b", "Group.code", "Group.extension:a", "Group.name"]
    assert elements(mine)["Group.code"] == {"min": 1, "max": "1"}
    assert made["c"][1]["concept"] == [{"code": "a", "display": "A"}]
    assert made["c"][1]["version"] == "9"
    assert [each.name for each in read_header(edition).layers] == ["guide", "shared", "2.0"]


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("profils: {}", 1, "has no 'profils'"),
        ("profiles:\n  p:\n    elements: {}", 2, "has no 'of'"),
        ("profiles:\n  p:\n    of: A\n    parent: B", 4, "has no 'parent'"),
        ("profiles:\n  p:\n    of: A\n    elements:\n      x: 1..1 must", 5, "'must' is no type"),
        ("profiles:\n  p:\n    of: A\n    elements:\n      x: [1]", 5, "the element x is a list"),
        ("profiles:\n  p:\n    of: A\n    invariants:\n      i:\n        says: X.", 5, "has no 'holds'"),
        ("extensions:\n  e:\n    elements: {}", 2, "has no 'context'"),
        ("extensions:\n  e:\n    context: nowhere(a)", 2, "is no context"),
        ("value-sets:\n  v:\n    title: V", 2, "has no 'include'"),
        ("value-sets:\n  v:\n    include:\n      - {}", 4, "is empty"),
        ("value-sets:\n  v:\n    include:\n      - {system: c, where: [x]}", 4, "is no filter"),
        ("code-systems:\n  c:\n    content: some", 3, "is no content"),
        ("code-systems:\n  c:\n    codes:\n      a: {is: A}", 4, "has no 'below'"),
        ("search-parameters:\n  s:\n    type: date", 2, "has no 'code'"),
        ("statements:\n  s:\n    mode: server\n    system:\n      batch: MUST", 5, "no expectation"),
        (
            "statements:\n  s:\n    mode: server\n    resources:\n      A:\n        search:\n          x: date",
            7,
            "no definition",
        ),
    ],
)
def test_a_mistake_is_one_line(folder, text, line, part):
    """An error says the file, the line, what was found and what was expected."""
    with pytest.raises(UsageError) as caught:
        list(read_notation(folder(text)))
    message = str(caught.value)
    assert message.startswith(f"guide/a.yaml:{line}: ")
    assert part in message
    assert "expected" in message


def test_headers(tmp_path, folder):
    """A folder without a header, or with layers that are not there, is one sentence."""
    with pytest.raises(UsageError, match=r"neither edition.yaml nor guide.yaml"):
        read_header(tmp_path)
    (folder("") / "guide.yaml").write_text(HEADER + "layers: [nowhere]\n")
    with pytest.raises(UsageError, match=r"^guide/guide.yaml:6: there is no folder 'nowhere'"):
        read_header(tmp_path / "guide")
