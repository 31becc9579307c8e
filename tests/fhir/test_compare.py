"""Two payloads are the same digit for digit, but for what FHIR lets a server do."""

from __future__ import annotations

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vbpr_conformance.fhir.compare import ContentDifference, differences
from vbpr_conformance.fhir.json_codec import dumps, loads
from vbpr_conformance.fhir.round_trip import (
    META_ALTERED,
    NARRATIVE_ADDED,
    NARRATIVE_REPLACED,
    Allowance,
    after_create,
    after_update,
    resolved,
    same_server,
)

BASE = "https://payer.example/fhir"
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


def places(sent, got, ignore=()):
    return [each.path for each in differences(loads(sent), loads(got), ignore=ignore)]


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        ('{"a":1,"b":"x"}', '{"b":"x","a":1}'),
        ("[0.10]", "[0.10]"),
        ("[100]", "[1.0e2]"),
        ("[1.00e-1]", "[0.100]"),
        ("[0]", "[-0]"),
        ('{"_given":[{"id":"a"},null]}', '{"given":[null,null],"_given":[{"id":"a"}]}'),
        (
            '{"text":{"div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><br/>&nbsp;</div>"}}',
            '{"text":{"div":"<div  xmlns=\'http://www.w3.org/1999/xhtml\'><br></br>\u00a0</div>"}}',
        ),
        (
            '{"text":{"div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><b id=\\"x\\">a</b></div>"}}',
            '{"text":{"div":"<h:div xmlns:h=\\"http://www.w3.org/1999/xhtml\\"><h:b id=\\"x\\">a</h:b></h:div>"}}',
        ),
        ('{"meta":{"tag":[{"code":"a"},{"code":"b"}]}}', '{"meta":{"tag":[{"code":"b","display":"B"},{"code":"a"}]}}'),
    ],
)
def test_forms_of_the_same_payload_do_not_differ(sent, got):
    """Order of properties, exponents, null padding, the text of the same XML and the order of sets mean nothing."""
    assert places(sent, got) == []


@pytest.mark.parametrize(
    ("sent", "got", "expected"),
    [
        ('{"a":[0.10]}', '{"a":[0.1]}', ["a[0]"]),
        ('{"a":1}', '{"a":1.0}', ["a"]),
        ('{"a":1}', '{"a":"1"}', ["a"]),
        ('{"a":1}', '{"a":true}', ["a"]),
        ('{"a":0}', '{"a":false}', ["a"]),
        ('{"a":"x"}', '{"a":"x "}', ["a"]),
        ('{"date":"2024-01-01T00:00:00Z"}', '{"date":"2024-01-01T00:00:00+00:00"}', ["date"]),
        ('{"a":["x","y"]}', '{"a":["y","x"]}', ["a[0]", "a[1]"]),
        ('{"a":["x","y","z"]}', '{"a":["y","z"]}', ["a[0]"]),
        ('{"a":["x","z"]}', '{"a":["x","y","z"]}', ["a[1]"]),
        ('{"a":[{"b":1},{"b":2},{"b":3}]}', '{"a":[{"b":1},{"b":3}]}', ["a[1]"]),
        ('{"a":{"b":1}}', "{}", ["a"]),
        ("{}", '{"a":{"b":1}}', ["a"]),
        ('{"a":{}}', '{"a":[]}', ["a"]),
        ('{"_date":{"extension":[{"url":"u"}]}}', '{"_date":{}}', ["date.extension"]),
        ('{"given":["a",null],"_given":[null,{"id":"x"}]}', '{"given":["a"]}', ["given"]),
        (
            '{"extension":[{"url":"u","valueMoney":{"value":1.50}}]}',
            '{"extension":[{"url":"u","valueQuantity":{"value":1.50}}]}',
            ["extension[0].value.ofType(Money)", "extension[0].value.ofType(Quantity)"],
        ),
        (
            '{"extension":[{"url":"u","valueDateTime":"2024"}]}',
            '{"extension":[{"url":"u","valueDateTime":"2025"}]}',
            ["extension[0].value.ofType(dateTime)"],
        ),
        ('{"text":{"div":"<div>a</div>"}}', '{"text":{"div":"<div>a </div>"}}', ["text.div"]),
        ('{"meta":{"profile":["a","b"]}}', '{"meta":{"profile":["b","c"]}}', ["meta.profile[0]", "meta.profile[1]"]),
        (
            '{"entry":[{"resource":{"meta":{"versionId":"1"}}}]}',
            '{"entry":[{"resource":{}}]}',
            ["entry[0].resource.meta"],
        ),
    ],
)
def test_every_change_is_found_at_its_place(sent, got, expected):
    """Whatever is lost, added, moved, rounded or retyped is a difference with its FHIRPath."""
    assert places(sent, got) == expected


SENT = {
    "resourceType": "MeasureReport",
    "id": "mine",
    "meta": {"profile": ["http://p"], "tag": [{"system": "s", "code": "run"}]},
    "status": "complete",
    "reporter": {"reference": "Organization/1"},
    "group": [{"measureScore": {"value": loads("0.50")}}],
}


def as_a_server_may():
    got = copy.deepcopy(SENT)
    got["id"] = "of-the-server"
    got["meta"] |= {
        "versionId": "1",
        "lastUpdated": "2024-01-01T00:00:00Z",
        "source": "#1",
        "security": [{"code": "R"}],
    }
    got["meta"]["profile"] = ["http://q", "http://p"]
    got["text"] = {"status": "generated", "div": DIV.format("x")}
    got["reporter"]["reference"] = f"{BASE}/Organization/1"
    return got


def test_what_a_conformant_server_does_is_allowed():
    """Id, version, more metadata, a narrative and the form of references may change on a create, and nothing fails."""
    assert differences(SENT, as_a_server_may(), ignore=after_create(f"{BASE}/")) == []
    bare = {key: value for key, value in SENT.items() if key != "meta"}
    assert differences(bare, as_a_server_may(), ignore=after_create(BASE)) == []


def test_an_update_keeps_the_id():
    """Only a create may change the id."""
    assert [each.path for each in differences(SENT, as_a_server_may(), ignore=after_update(BASE))] == ["id"]


def test_each_allowance_is_needed_and_stands_alone():
    """Without any one of the allowances some of what a server may do is a difference."""
    allowed = after_create(BASE)
    got = as_a_server_may()
    got["meta"]["tag"] = []
    for left_out in allowed:
        rest = [each for each in allowed if each is not left_out]
        covered = left_out.name in {"meta-added", "version"}  # META_ALTERED covers these too
        assert bool(differences(SENT, got, ignore=rest)) is not covered, left_out.name


def test_dropped_tags_are_a_difference_for_a_should():
    """Metadata that a server should not have altered is found where that allowance is left out."""
    got = as_a_server_may()
    del got["meta"]["tag"]
    strict = [each for each in after_create(BASE) if each is not META_ALTERED]
    assert [str(each) for each in differences(SENT, got, ignore=strict)] == [
        'meta.tag: sent [{"system":"s","code":"run"}], got nothing'
    ]


LOSSES = [
    lambda got: got.pop("status"),
    lambda got: got["group"][0]["measureScore"].update(value=loads("0.5")),
    lambda got: got["group"].append({}),
    lambda got: got["group"].clear(),
    lambda got: got["reporter"].update(reference="Organization/2"),
    lambda got: got["reporter"].update(reference="https://other.example/fhir/Organization/1"),
    lambda got: got["reporter"].update(display="x"),
    lambda got: got.update(language="en"),
    lambda got: got.update(resourceType="Measure"),
    lambda got: got.pop("meta") and got.pop("group"),
    lambda got: got.pop("id"),
    lambda got: got.update(id=""),
    lambda got: got.update(text="x"),
]


@pytest.mark.parametrize("lose", LOSSES)
def test_no_loss_hides_behind_the_allowances(lose):
    """What a server loses or changes beyond its liberties is found, with all allowances in force."""
    got = as_a_server_may()
    lose(got)
    assert differences(SENT, got, ignore=after_create(BASE))


def test_a_narrative_may_be_added_but_not_lost_or_changed():
    """A narrative that was sent comes back, unless a patch may have made it wrong."""
    sent = {"text": {"status": "generated", "div": DIV.format("a")}}
    other = {"text": {"status": "generated", "div": DIV.format("b")}}
    assert differences({}, sent, ignore=[NARRATIVE_ADDED]) == []
    for got in ({}, other):
        assert differences(sent, got, ignore=after_update(BASE))
        assert differences(sent, got, ignore=[NARRATIVE_REPLACED, *after_update(BASE)]) == []


@pytest.mark.parametrize(
    ("sent", "got", "same"),
    [
        ("<p>a</p>", "\n   <p>a</p>\n  ", True),
        ("<p>a b</p>", "<p>a\n    b</p>", True),
        ("<p>a</p><p>b</p>", "<p>a</p>\n<p>b</p>", True),
        ("<p>a b</p>", "<p>ab</p>", False),
        ("<p>a <b>b</b></p>", "<p>a<b>b</b></p>", False),
        ("<p>a\u00a0b</p>", "<p>a b</p>", False),
        ("<pre>a\n  b</pre>", "<pre>a b</pre>", False),
    ],
)
def test_indented_narratives_are_the_same(sent, got, same):
    """White space that means nothing in XHTML may come and go; where words or lines would change it is a difference."""
    sent, got = ({"text": {"status": "generated", "div": DIV.format(each)}} for each in (sent, got))
    assert (differences(sent, got) == []) is same


def test_references_of_a_transaction_are_resolved_as_told():
    """A reference to another entry comes back as that to what was created, versioned or not, and to nothing else."""
    allowed = [resolved({"urn:uuid:1": "Organization/7"}, BASE)]
    for got in ("Organization/7", f"{BASE}/Organization/7", "Organization/7/_history/1"):
        assert differences({"reference": "urn:uuid:1"}, {"reference": got}, ignore=allowed) == []
    for got in ("Organization/8", "urn:uuid:2", None):
        assert differences({"reference": "urn:uuid:1"}, {"reference": got}, ignore=allowed)


def test_only_references_may_change_their_form():
    """A URL that is data stays as it was sent, also where it names the same server."""
    allowed = [same_server(BASE)]
    assert differences({"value": f"{BASE}/x"}, {"value": "x"}, ignore=allowed)
    assert differences({"reference": "https://payer.example/fhirother/x"}, {"reference": "other/x"}, ignore=allowed)


def test_paths_can_be_left_out():
    """A path names an element, everywhere in its arrays and with all below it."""
    sent, got = '{"a":[{"b":1,"c":1},{"b":2,"c":1}]}', '{"a":[{"b":3,"c":1},{"c":2}]}'
    assert places(sent, got, ["a.b"]) == ["a[1].c"]
    assert places(sent, got, ["a"]) == []


def test_allowances_say_why_and_where():
    """Every allowance gives its reason and the page of FHIR that it rests on."""
    for each in (*after_create(BASE), NARRATIVE_REPLACED, resolved({})):
        assert isinstance(each, Allowance)
        assert each.name
        assert each.reason
        assert each.source.startswith("https://hl7.org/fhir/R4/")


def test_long_arrays_are_compared_without_aligning():
    """Very long arrays of different length are compared by index, in linear time."""
    assert differences({"a": list(range(3000))}, {"a": list(range(2999))}) == [ContentDifference("a[2999]", 2999, None)]


values = st.recursive(
    st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, min_size=1) | st.dictionaries(st.text(min_size=1), inner, min_size=1),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(values, values)
def test_a_payload_differs_from_any_other_and_never_from_itself(one, other):
    """A payload is the same as its copy; whatever is written differently in JSON is found, but for number forms."""
    assert differences(one, loads(dumps(one))) == []
    found = differences({"v": one}, {"v": other})
    assert bool(found) == bool(differences({"v": other}, {"v": one}))
    if one != other:
        assert found
