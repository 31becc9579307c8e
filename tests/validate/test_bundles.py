"""Bundles: entries, their addresses, and references between them."""

from __future__ import annotations

import pytest
from validate_edits import GONE, VBPR, put

from vbpr_conformance.validate.judge.scope import Scope

PAYER = {"resourceType": "Organization", "id": "payer", "active": True, "name": "Payer Nord"}
PROVIDER = {"resourceType": "Organization", "id": "provider-1", "active": True, "name": "Provider"}
BASE = "https://payer.example.org/fhir/"
UUID = "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"
REPORT = {"reference": "MeasureReport/r"}


@pytest.fixture
def bundle(valid):
    """A collection of a contract: Measure, quality report, performance report, both organizations."""
    resources = [valid("performance"), valid("quality"), valid("measure"), PAYER, PROVIDER]
    entries = [{"fullUrl": f"{BASE}{each['resourceType']}/{each['id']}", "resource": dict(each)} for each in resources]
    made = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    put(made, "entry/2/resource/group", GONE)
    return made


def errors(validator, resource):
    return {(issue.rule, issue.expression) for issue in validator.issues(resource) if issue.is_error}


def test_a_contract_that_hangs_together_is_valid(validator, bundle):
    """References find their entries, reports their Measure."""
    assert errors(validator, bundle) == set()


@pytest.mark.parametrize(
    "row",
    [
        ("entry/0/resource/status", "finished", "binding:MeasureReport.status", "Bundle.entry[0].resource.status"),
        ("entry/3/fullUrl", f"{BASE}Organization/other", "full-url:Bundle.entry.fullUrl", "Bundle.entry[3].fullUrl"),
        ("entry/3/fullUrl", f"{BASE}Patient/payer", "full-url:Bundle.entry.fullUrl", "Bundle.entry[3].fullUrl"),
        ("entry/3/fullUrl", "Organization/payer", "full-url:Bundle.entry.fullUrl", "Bundle.entry[3].fullUrl"),
        ("entry/3/fullUrl", GONE, "full-url:Bundle.entry.fullUrl", "Bundle.entry[3].fullUrl"),
        ("entry/+", {"fullUrl": f"{BASE}Organization/payer", "resource": PAYER}, "bdl-7", "Bundle"),
        ("entry/+", {"search": {"mode": "match"}, "fullUrl": f"{BASE}a"}, None, None),
        ("entry/0/request", {"method": "PUT", "url": "MeasureReport/performance-1"}, "bdl-3", "Bundle"),
        ("total", 5, "bdl-1", "Bundle"),
        ("type", "parcel", "binding:Bundle.type", "Bundle.type"),
        ("entry/+", {}, "ele-1", "Bundle.entry[5]"),
        ("entry/+", {"fullUrl": UUID}, "bdl-5", "Bundle.entry[5]"),
        (
            "entry/1/resource/reporter/reference",
            "Measure/contract-1",
            "target:MeasureReport.reporter",
            "Bundle.entry[1].resource.reporter.reference",
        ),
        ("entry/0/resource/measure", f"{BASE}Measure/contract-1|2.0", None, None),
        (
            "entry/+",
            {"fullUrl": UUID, "resource": {"resourceType": "Nonsense"}},
            "shape:Resource",
            "Bundle.entry[5].resource",
        ),
        ("entry/+", {"fullUrl": UUID, "resource": "text"}, "shape:Resource", "Bundle.entry[5].resource"),
    ],
)
def test_a_fault_in_a_bundle_is_found_where_it_is(validator, bundle, row):
    """Paths go through the entries."""
    path, value, rule, place = row
    put(bundle, path, value)
    found = errors(validator, bundle)
    assert ((rule, place) in found) if rule else True, found


def test_a_reference_to_a_resource_of_the_wrong_profile_is_an_error(validator, bundle):
    """The Measure that a performance report names must conform to the guide's profile."""
    put(bundle, "entry/2/resource/meta", GONE)
    put(bundle, "entry/2/resource/title", GONE)
    assert errors(validator, bundle) == {("target:MeasureReport.measure", "Bundle.entry[0].resource.measure")}


def test_what_is_wrong_with_a_target_itself_is_said_once(validator, bundle):
    """A fault of the target is not repeated for each reference to it."""
    put(bundle, "entry/4/resource/active", "yes")
    assert errors(validator, bundle) == {("format:Organization.active", "Bundle.entry[4].resource.active")}


def test_references_by_uuid_find_their_entry(validator, bundle):
    """A fullUrl may be a UUID."""
    put(bundle, "entry/4/fullUrl", UUID)
    put(bundle, "entry/0/resource/subject/extension/0/valueReference/reference", UUID)
    assert errors(validator, bundle) == set()
    put(bundle, "entry/0/resource/reporter", {"reference": f"{BASE}Measure/contract-1"})
    put(bundle, "entry/0/resource/contained", GONE)
    assert ("target:MeasureReport.reporter", "Bundle.entry[0].resource.reporter.reference") in errors(validator, bundle)


def test_references_in_a_circle_come_to_an_end(validator, valid):
    """A report that cites itself is judged like any other."""
    report = valid("performance")
    put(report, "evaluatedResource/0/reference", "MeasureReport/performance-1")
    bundle = {"resourceType": "Bundle", "type": "collection"}
    bundle["entry"] = [{"fullUrl": f"{BASE}MeasureReport/performance-1", "resource": report}]
    assert errors(validator, bundle) == set()


def test_other_resources_may_be_cited_besides_quality_reports(validator, bundle):
    """A reference is in the slice of quality reports only if it leads to one."""
    put(bundle, "entry/0/resource/evaluatedResource/+", {"reference": "Organization/payer"})
    assert errors(validator, bundle) == set()


def test_a_resolver_finds_what_lies_outside(validator, valid):
    """What a server gives is judged as if it were in hand."""
    known = {"Organization/provider-1": {"resourceType": "Practitioner"}}
    issues = validator.issues(valid("performance"), resolver=known.get)
    assert [issue.rule for issue in issues if issue.is_error] == ["target:Extension.value[x]"]


def test_a_profile_may_be_asked_for_by_name_and_by_object(validator, valid, edition):
    """Names, URLs and profiles mean the same."""
    for profile in ("vbp-measure", f"{VBPR}vbp-measure|1.1.0", edition.profile("vbp-measure")):
        assert not [issue for issue in validator.issues(valid("measure"), [profile]) if issue.is_error]


@pytest.mark.parametrize(
    ("kind", "severity"), [("collection", "warning"), ("transaction", "warning"), ("message", "error")]
)
def test_a_uuid_that_no_entry_has_leads_nowhere(validator, bundle, kind, severity):
    """A message holds what it refers to; what else is in a transaction or collection may be elsewhere."""
    put(bundle, "type", kind)
    put(bundle, "entry/1/resource/reporter/reference", UUID)
    issues = validator.issues(bundle)
    assert [issue.severity for issue in issues if issue.rule == "reference:MeasureReport.reporter"] == [severity]


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        ("document", {"resourceType": "Composition", "id": "c", "section": [{"entry": [REPORT]}]}),
        ("message", {"resourceType": "MessageHeader", "id": "m"}),
    ],
)
def test_a_document_begins_with_its_composition_whether_or_not_its_type_is_held(validator, valid, kind, first):
    """bdl-11 and bdl-12 ask for types of which the edition holds no more than the name."""
    report = valid("quality") | {"id": "r"}
    entries = [{"fullUrl": f"{BASE}{each['resourceType']}/{each['id']}", "resource": each} for each in (first, report)]
    bundle = {
        "resourceType": "Bundle",
        "identifier": {"system": BASE, "value": "1"},
        "type": kind,
        "timestamp": "2024-07-15T08:30:00Z",
        "entry": entries,
    }
    assert errors(validator, bundle) == set()
    entries.reverse()
    assert {rule for rule, _ in errors(validator, bundle)} == {"bdl-11" if kind == "document" else "bdl-12"}


OTHER = "https://other.example.org/fhir/"
NO_NAME = {"resourceType": "Organization", "id": "payer", "active": True}


def at(full_url, resource, **meta):
    return {"fullUrl": full_url, "resource": {**resource, "meta": meta} if meta else resource}


@pytest.mark.parametrize(
    "row",
    [
        (BASE, "Organization/payer", [at(f"{BASE}Organization/payer", NO_NAME)], True),
        (BASE, "Organization/payer", [{"resource": NO_NAME}], True),
        (BASE, "Organization/payer", [at(f"{OTHER}Organization/payer", NO_NAME)], False),
        (UUID, "Organization/payer", [at(f"{BASE}Organization/payer", NO_NAME)], False),
        (BASE, f"{OTHER}Organization/payer", [at(f"{OTHER}Organization/payer", NO_NAME)], True),
        (BASE, "Organization/payer/_history/1", [at(f"{BASE}Organization/payer", NO_NAME)], False),
        (BASE, "Organization/payer/_history/1", [at(f"{BASE}Organization/payer", NO_NAME, versionId="1")], True),
        (BASE, "Organization/payer/_history/1", [at(f"{BASE}Organization/payer", NO_NAME, versionId="2")], False),
        (
            BASE,
            "Organization/payer/_history/2",
            [
                at(f"{BASE}Organization/payer", NO_NAME, versionId="1"),
                at(f"{BASE}Organization/payer", {**NO_NAME, "name": "Payer"}, versionId="2"),
            ],
            False,
        ),
    ],
)
def test_a_reference_means_the_entry_of_its_server_and_version(validator, valid, row):
    """What has the same id elsewhere, or is another version, is not what was meant."""
    base, reference, entries, found = row
    report = valid("performance")
    put(report, "contained", GONE)
    put(report, "reporter/reference", reference)
    own = base if base == UUID else f"{base}MeasureReport/performance-1"
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [{"fullUrl": own, "resource": report}, *entries]}
    rules = {rule for rule, _ in errors(validator, bundle)}
    assert ("target:MeasureReport.reporter" in rules) is found


def test_a_bundle_itself_finds_what_its_entries_refer_to(validator, bundle):
    """As an invariant of the Bundle does, which follows references of any entry; two of one id are not guessed at."""
    reference = "Organization/payer"
    assert Scope(validator, bundle).resolve(reference).resource == PAYER
    bundle["entry"].append(
        {"fullUrl": f"https://other.example.org/{reference}", "resource": {**PAYER, "name": "Other"}}
    )
    assert Scope(validator, bundle).resolve(reference) is None
    assert Scope(validator, bundle).resolve(BASE + reference).resource == PAYER


OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "processing"}]}
UNNAMED = {name: each for name, each in PAYER.items() if name != "id"}


def searchset(*entries, searched="Organization?active=true"):
    listed = [{"fullUrl": f"{BASE}Organization/payer{number}", **each} for number, each in enumerate(entries)]
    self_link = {"relation": "self", "url": BASE + searched}
    return {"resourceType": "Bundle", "type": "searchset", "link": [self_link], "entry": listed}


def result(mode, resource):
    return {"resource": resource, "search": {"mode": mode}}


@pytest.mark.parametrize(
    "searched", ["Organization?active=true", "Organization/_search?a=b", "?_type=Organization", "$find"]
)
def test_results_of_a_search_are_what_was_searched_for(validator, searched):
    """Matches, what they include, and outcomes."""
    found = [result("match", {**PAYER, "id": "payer0"}), result("include", {**PAYER, "id": "payer1"})]
    bundle = searchset(*found, {**result("outcome", OUTCOME), "fullUrl": UUID}, searched=searched)
    assert errors(validator, bundle) == set()


@pytest.mark.parametrize(
    "entry",
    [
        {"search": {"mode": "match"}},
        result("outcome", {**PAYER, "id": "payer0"}),
        result("match", {**UNNAMED}) | {"fullUrl": UUID},
        result("match", {"resourceType": "Practitioner", "id": "p"}) | {"fullUrl": f"{BASE}Practitioner/p"},
    ],
)
def test_what_is_no_result_of_a_search_is_told(validator, entry):
    """No resource, an outcome that is none, a match that nobody can read, one of another type."""
    assert ("search-result:Bundle.entry", "Bundle.entry[0]") in errors(validator, searchset(entry))


def test_an_address_of_a_resource_without_id_is_told(validator):
    """The last step of the address is the id; what is still to be created may have none."""
    entry = {"fullUrl": f"{BASE}Organization/payer", "resource": UNNAMED}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [entry]}
    assert ("full-url:Bundle.entry.fullUrl", "Bundle.entry[0].fullUrl") in errors(validator, bundle)
    created = {**entry, "request": {"method": "POST", "url": "Organization"}}
    assert errors(validator, {**bundle, "type": "transaction", "entry": [created]}) == set()


def test_a_reference_in_a_document_means_one_entry(validator):
    """Where entries are versions of one resource, it names the version."""
    author = {"reference": "Organization/payer"}
    first = {"resourceType": "Composition", "id": "c", "author": [author]}
    versions = [{**PAYER, "meta": {"versionId": each}} for each in ("1", "2")]
    entries = [{"fullUrl": f"{BASE}Composition/c", "resource": first}]
    entries += [{"fullUrl": f"{BASE}Organization/payer", "resource": each} for each in versions]
    bundle = {"resourceType": "Bundle", "type": "document", "entry": entries}
    place = "Bundle.entry[0].resource.author[0].reference"

    def said():
        return [each.message.partition(", ")[2] for each in validator.issues(bundle) if each.expression == place]

    assert said() == ["but 2 entries of the document have this address, and no version is named."]
    author["reference"] = "Organization/payer/_history/2"
    assert said() == []
    author["reference"] = "Organization/payer/_history/3"
    assert said() == ["but no entry of the document has this address and version."]
