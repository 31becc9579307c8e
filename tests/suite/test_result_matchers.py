"""Matchers of Bundles, versions and self links: what each asks for, and what it says where that does not hold."""

from __future__ import annotations

import pytest
from plain_evidence import BASE, answered, bundle, known, report, searched

from vbpr_conformance.suite.findings import Finding, NotTestedError
from vbpr_conformance.suite.matchers import bundle_rules, http_answer, search_results, versions

YES = True
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid"}]}


def search_bundle(*entries, **members):
    """A searchset of these entries, with full URLs."""
    return {"resourceType": "Bundle", "type": "searchset", "entry": list(entries), **members}


def match(resource, mode="match"):
    """An entry of a searchset."""
    url = f"{BASE}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": url, "resource": resource, "search": {"mode": mode}}


def moved(moment):
    """A report that was changed at this moment."""
    return {**report("a"), "meta": {"lastUpdated": moment}}


HINT = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "processing"}]}
VERSION = {"etag": 'W/"2"', "lastModified": "2024-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    "body",
    [
        search_bundle(
            match(report("a")), match(report("b"), "include"), {"resource": HINT, "search": {"mode": "outcome"}}
        ),
        {
            "resourceType": "Bundle",
            "type": "history",
            "entry": [
                {
                    "fullUrl": f"{BASE}/MeasureReport/a",
                    "resource": moved("2024-01-01T01:00:00.250+01:00"),
                    "request": {"method": "PUT", "url": "MeasureReport/a"},
                    "response": {"status": "200", **VERSION},
                },
                {
                    "fullUrl": f"{BASE}/MeasureReport/a",
                    "request": {"method": "DELETE", "url": "MeasureReport/a"},
                    "response": {"status": "204", **VERSION},
                },
            ],
        },
        {
            "resourceType": "Bundle",
            "type": "transaction-response",
            "entry": [{"response": {"status": "201 Created", "location": "MeasureReport/a/_history/2", **VERSION}}],
        },
    ],
)
def test_a_bundle_keeps_to_the_rules_of_its_kind(evidence, body):
    """Of each kind that a server answers with."""
    bundle_rules.bundle(YES, searched(body), evidence())


DELETE = {"method": "DELETE", "url": "MeasureReport/a"}
ENTRY = {"request": {"method": "PUT", "url": "MeasureReport/a"}, "response": {"status": "200", **VERSION}}


@pytest.mark.parametrize(
    ("body", "said", "should"),
    [
        (report("a"), "no Bundle", False),
        (search_bundle(match(report("a")), match(report("a"))), "bdl-7", False),
        (search_bundle({"resource": report("a")}), "fullUrl is missing", False),
        (search_bundle({"resource": HINT, "search": {"mode": "match"}}), "marked as outcome", False),
        (search_bundle({"resource": OUTCOME, "search": {"mode": "outcome"}}), "names an error", False),
        (search_bundle(match(report("a"), "outcome")), "'MeasureReport' found with the mode outcome", False),
        (search_bundle(match(report("a")), total=2), "total is 2, and 1 resources match", True),
        ({"resourceType": "Bundle", "type": "history", "entry": [ENTRY]}, "the method is PUT", False),
        (
            {
                "resourceType": "Bundle",
                "type": "history",
                "entry": [{"fullUrl": f"{BASE}/MeasureReport/a", "resource": report("a"), **ENTRY, "request": DELETE}],
            },
            "a deletion has no content",
            True,
        ),
        (
            {"resourceType": "Bundle", "type": "batch-response", "entry": [{"response": {"status": "done"}}]},
            "starts with no HTTP status",
            False,
        ),
        (
            {"resourceType": "Bundle", "type": "batch-response", "entry": [{"response": {"status": "201", **VERSION}}]},
            "location is missing",
            False,
        ),
        (
            {
                "resourceType": "Bundle",
                "type": "batch-response",
                "entry": [{"response": {"status": "201", "location": "MeasureReport/a/_history/1", **VERSION}}],
            },
            "2 found for version 1",
            False,
        ),
        (
            {
                "resourceType": "Bundle",
                "type": "history",
                "entry": [{"fullUrl": f"{BASE}/MeasureReport/a", "resource": moved("2024-01-02T00:00:00Z"), **ENTRY}],
            },
            "2024-01-01T00:00:00Z found beside meta.lastUpdated 2024-01-02T00:00:00Z",
            True,
        ),
    ],
)
def test_what_is_wrong_with_a_bundle_is_told(evidence, body, said, should):
    """As a finding, or where R4 asks no more as a SHOULD."""
    with pytest.raises(Finding, match=said) as found:
        bundle_rules.bundle(YES, searched(body), evidence(resources=known("a")))
    assert found.value.should is should


def self_linked(query, *matches, **members):
    """A searchset whose self link has this query."""
    return searched(bundle(*matches, link=[{"relation": "self", "url": f"{BASE}/MeasureReport?{query}"}], **members))


def test_the_self_link_names_what_was_used(evidence):
    """By the name of the parameter, whatever is encoded in the value."""
    answer = self_linked("status=complete&date=ge2024%2B01")
    search_results.self_link(["status", "date"], answer, evidence())
    search_results.when_used("status", answer, evidence())
    search_results.unused(["nonsense"], answer, evidence())
    with pytest.raises(Finding, match="does not name period"):
        search_results.self_link(["status", "period"], answer, evidence())
    with pytest.raises(Finding, match="names status, as if"):
        search_results.unused(["status"], answer, evidence())
    with pytest.raises(NotTestedError):
        search_results.when_used("_sort", answer, evidence())


def test_nonsense_is_told_by_an_error_or_an_outcome(evidence):
    """An empty Bundle tells nothing."""
    search_results.told(YES, searched(OUTCOME, status=400), evidence())
    search_results.told(YES, searched(bundle(HINT)), evidence())
    for answer in (searched(bundle()), searched(OUTCOME, status=500)):
        with pytest.raises(Finding, match="nothing tells"):
            search_results.told(YES, answer, evidence())


def test_matches_stand_in_order_and_one_of_two_is_found(evidence):
    """Foreign resources between them do not count."""
    found = searched(bundle(report("a"), report("foreign")), bundle(report("b")))
    parts = {"resources": known("a", "b", "c")}
    search_results.in_order(["a", "b"], found, evidence(**parts))
    search_results.one_of(["a", "c"], found, evidence(**parts))
    for matcher, names in ((search_results.in_order, ["b", "a"]), (search_results.one_of, ["a", "b"])):
        with pytest.raises(Finding):
            matcher(names, found, evidence(**parts))


def test_pages_are_no_longer_than_asked_and_hold_their_includes(evidence):
    """What is included does not count; a page without matches needs no includes."""
    found = searched(bundle(report("a"), include=(report("c"),)), bundle(report("b")), bundle())
    parts = {"resources": known("a", "b", "c")}
    search_results.most_per_page(1, found, evidence(**parts))
    with pytest.raises(Finding, match=r"page 1 .* has 1 entries, at most 0"):
        search_results.most_per_page(0, found, evidence(**parts))
    with pytest.raises(Finding, match=r"page 2 .* does not include c"):
        search_results.pages_include(["c"], found, evidence(**parts))


def test_an_answer_speaks_of_one_version(evidence):
    """In its headers and in the resource."""
    meta = {"versionId": "2", "lastUpdated": "2024-01-01T00:00:00.5Z"}
    headers = {"ETag": 'W/"2"', "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}
    versions.versions_agree(YES, answered(report("1", meta=meta), headers=headers), evidence())
    versions.versions_agree(YES, answered(headers={"ETag": 'W/"2"'}), evidence())
    with pytest.raises(Finding, match=r"names several versions: ETag 3, meta\.versionId 2"):
        versions.versions_agree(YES, answered(report("1", meta=meta), headers={"ETag": 'W/"3"'}), evidence())
    late = {**headers, "Last-Modified": "Tue, 02 Jan 2024 00:00:00 GMT"}
    with pytest.raises(Finding, match="says Last-Modified") as found:
        versions.versions_agree(YES, answered(report("1", meta=meta), headers=late), evidence())
    assert found.value.should


def test_what_a_write_named_is_the_version_read_after_it(evidence):
    """In its headers or in the resource; what is not told is not compared."""
    parts = {"answers": {"changed": answered(headers={"ETag": 'W/"1"'}, verb="patch")}}
    for same in (report("1", meta={"versionId": "1"}), report("1"), None):
        versions.version_of("changed", answered(same), evidence(**parts))
    with pytest.raises(Finding, match=r"names another version \(ETag 1\) than .* gives after it \(2\)"):
        versions.version_of("changed", answered(report("1", meta={"versionId": "2"})), evidence(**parts))


def test_what_a_write_returns_is_what_was_sent(evidence):
    """Where it returns the resource at all."""
    parts = {"payloads": {"next": report(status="pending")}}
    for body in (report("1", status="pending"), None, OUTCOME):
        versions.returns("next", answered(body, verb="update"), evidence(**parts))
    with pytest.raises(Finding):
        versions.returns("next", answered(report("1"), verb="update"), evidence(**parts))


def test_what_is_refused_alone_is_refused_together(evidence):
    """What was taken alone may be refused or taken."""
    parts = {"answers": {"alone": answered(OUTCOME, 422)}}
    http_answer.refused_as("alone", answered(OUTCOME, 400), evidence(**parts))
    http_answer.refused_as("alone", answered(OUTCOME, 400), evidence(answers={"alone": answered(status=201)}))
    with pytest.raises(Finding, match="refused with 422 by itself"):
        http_answer.refused_as("alone", answered(bundle(), 200), evidence(**parts))


def test_a_header_may_have_to_be_missing(evidence):
    """As that of a compression which nobody takes."""
    http_answer.without_header(["Content-Encoding"], answered(), evidence())
    with pytest.raises(Finding, match="has the header Content-Encoding: gzip"):
        http_answer.without_header(["Content-Encoding"], answered(headers={"Content-Encoding": "gzip"}), evidence())
