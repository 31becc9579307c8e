"""Every matcher holds of what it asks for and of nothing else; what it finds is a sentence with evidence."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest
from plain_evidence import BASE, answered, bundle, exchange, known, report, searched

from vbpr_conformance.fhir.fhirpath import ExpressionError
from vbpr_conformance.fhir.json_codec import dumps
from vbpr_conformance.generate.builder import build
from vbpr_conformance.rest.headers import Headers
from vbpr_conformance.suite.answer import NEXT_VERSION, Answer
from vbpr_conformance.suite.created_resource import CreatedResource
from vbpr_conformance.suite.findings import Finding, HarnessError, NotTestedError
from vbpr_conformance.suite.language import Expect
from vbpr_conformance.suite.matchers import MATCHERS, check, existing, http_answer, resource, search
from vbpr_conformance.suite.matchers import declares as statement
from vbpr_conformance.suite.queries import Query

YES = True
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid"}]}
PROFILE = "vbp-performance-measurereport"


def test_the_suite_language_knows_every_matcher():
    """What a suite may expect and what is checked are the same."""
    assert set(MATCHERS) == set(Expect.model_fields) - {"because"}


def test_values_that_cannot_be_compared_are_the_targets_where_they_are_of_another_type(evidence):
    """An expression that breaks down over a valid resource is a mistake of the suite, and no finding."""
    wanted = Expect.model_validate({"fhirpath": "meta.lastUpdated > @2001-01-01T00:00:00Z"})
    wrong = {"resourceType": "Organization", "name": "Payer", "meta": {"lastUpdated": 7}}
    with pytest.raises(Finding, match="is no valid resource"):
        check(wanted, answered(wrong), evidence())
    mistaken = Expect.model_validate({"fhirpath": "name > 7"})
    with pytest.raises(ExpressionError):
        check(mistaken, answered({"resourceType": "Organization", "name": "Payer"}), evidence())


@pytest.mark.parametrize(("version", "following"), [("9", "10"), ("9" * 5000, None), ("a", None), (7, None)])
def test_the_next_version_is_that_of_a_number_which_may_be_a_version(version, following):
    """An id has at most 64 characters; whatever else a target sends has no next one."""
    scope = answered({"resourceType": "Organization", "meta": {"versionId": version}}).scope()
    assert scope["meta"].get(NEXT_VERSION) == following


# ---- status and headers


@pytest.mark.parametrize(("stated", "status"), [(["201"], 201), (["4xx"], 499), (["400", "5xx"], 503)])
def test_a_status_that_is_stated_holds(evidence, stated, status):
    """One of several, or a class of them."""
    http_answer.status(stated, answered(status=status), evidence())


@pytest.mark.parametrize(("stated", "status"), [(["201"], 200), (["4xx"], 500), (["4xx"], 399), (["200", "2xx"], 300)])
def test_another_status_is_a_finding(evidence, stated, status):
    """It names method, place, what came and what was expected, and quotes the server."""
    with pytest.raises(Finding) as found:
        http_answer.status(stated, answered({**OUTCOME, "issue": [{"diagnostics": "no room"}]}, status), evidence())
    assert f"GET MeasureReport/1 answered {status}, expected {' or '.join(stated)}" in found.value.sentence
    assert found.value.sentence.endswith("(no room)")


def test_what_a_server_does_not_take_is_named(evidence):
    """A media type that is refused stands in the sentence beside what the server says."""
    refused = answered({**OUTCOME, "issue": [{"diagnostics": "no"}]}, 415, sent={"Content-Type": "application/x"})
    with pytest.raises(Finding, match=r"answered 415, expected 201 \(Content-Type: application/x; no\)"):
        http_answer.status(["201"], refused, evidence())


def test_a_header_has_to_be_there_and_match_as_a_whole(evidence):
    """A pattern that matches a part alone is not enough; the header's name may have any case."""
    made = answered(headers={"ETAG": 'W/"3"'})
    http_answer.header({"ETag": 'W/".+"'}, made, evidence())
    with pytest.raises(Finding, match="is 'W/\"3\"'"):
        http_answer.header({"ETag": 'W/"'}, made, evidence())
    with pytest.raises(Finding, match="has no header Location"):
        http_answer.header({"Location": ".*"}, made, evidence())


# ---- resources


def test_a_valid_resource_holds_and_an_invalid_one_tells_where(evidence):
    """The validator's first error is in the sentence."""
    good = {"resourceType": "Organization", "name": "Payer"}
    resource.valid(YES, answered(good), evidence())
    with pytest.raises(Finding, match="is no valid resource"):
        resource.valid(YES, answered({**good, "nam": "x"}), evidence())
    with pytest.raises(Finding, match=f"does not conform to {PROFILE}"):
        resource.conforms_to(PROFILE, answered(report()), evidence())


def test_fhirpath_must_be_true(evidence):
    """An expression that is false or empty does not hold."""
    resource.fhirpath({"status = 'complete'": "", "id = '1'": ""}, answered(report("1")), evidence())
    for expression in ("status = 'pending'", "date"):
        with pytest.raises(Finding):
            resource.fhirpath({expression: ""}, answered(report("1")), evidence())


@pytest.mark.parametrize(
    "body", [None, b"<html>", report(), {"resourceType": "OperationOutcome", "issue": [{"severity": "warning"}]}]
)
def test_a_refusal_explains_itself(evidence, body):
    """By an OperationOutcome with an error in it."""
    resource.operation_outcome(YES, answered(OUTCOME, 400), evidence())
    resource.operation_outcome(YES, answered({**OUTCOME, "issue": [{"severity": "fatal"}]}, 400), evidence())
    with pytest.raises(Finding):
        resource.operation_outcome(YES, answered(body, 400), evidence())


def test_what_comes_back_is_what_was_sent(evidence):
    """But for what is the server's: id and meta. A zero at the end of a decimal is a part of it."""
    sent = report(group=[{"measureScore": {"value": Decimal("12.50")}}])
    parts = {"payloads": {"sent": sent}}
    same = {**sent, "id": "1", "meta": {"versionId": "1"}}
    resource.same_as("sent", answered(dumps(same).encode()), evidence(**parts))
    other = {**same, "group": [{"measureScore": {"value": Decimal("12.5")}}]}
    with pytest.raises(Finding, match=r"does not come back as sent: group\[0\].measureScore.value") as found:
        resource.same_as("sent", answered(dumps(other).encode()), evidence(**parts))
    assert not found.value.should


def test_what_nobody_asks_to_support_may_be_lost(evidence):
    """A server should keep it: the finding is a SHOULD."""
    sent = report(text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'})
    with pytest.raises(Finding) as found:
        resource.same_as("sent", answered(report("1")), evidence(payloads={"sent": sent}))
    assert found.value.should


def test_the_match_of_a_search_is_compared_by_name(evidence):
    """Of several matches the one with the id of the resource; one that is not found is said to be missing."""
    parts = {"resources": known(a=report(implicitRules="http://x.example"))}
    found = searched(bundle(report("b"), report("a", implicitRules="http://x.example")))
    resource.same_as("a", found, evidence(**parts))
    with pytest.raises(Finding, match="misses MeasureReport/a"):
        resource.same_as("a", searched(bundle(report("b"))), evidence(**parts))
    with pytest.raises(HarnessError):
        resource.same_as("z", found, evidence(**parts))


def test_an_element_is_compared_by_itself(evidence):
    """In all its occurrences; a loss elsewhere is not about it."""
    sent = report(group=[{"code": {"text": "a"}}, {"code": {"text": "b"}}], date="2024-03-01")
    parts = {"payloads": {"report": sent}, "row": {"profile": PROFILE}}
    resource.shows("MeasureReport.group.code", answered({**sent, "date": "1999"}), evidence(**parts))
    for lost in ([{"code": {"text": "a"}}], [{"code": {"text": "a"}}, {"code": {"text": "B"}}]):
        with pytest.raises(Finding, match="comes back changed"):
            resource.shows("MeasureReport.group.code", answered({**sent, "group": lost}), evidence(**parts))
    with pytest.raises(HarnessError):
        resource.shows("MeasureReport.reporter", answered(sent), evidence(**parts))


GROUP = {"code": {"text": "a"}, "measureScore": {"value": Decimal("1.50")}, "population": [{"count": 3}]}


def test_what_another_element_lost_is_not_told_of_the_one_around_it(evidence):
    """A must-support element below has a case of its own; what has none is told by the element that holds it."""
    parts = {"payloads": {"report": report(group=[GROUP])}, "row": {"profile": PROFILE}}
    other_code = report(group=[{**GROUP, "code": {"text": "b"}}])
    resource.shows("MeasureReport.group", answered(dumps(other_code).encode()), evidence(**parts))
    with pytest.raises(Finding):
        resource.shows("MeasureReport.group.code", answered(dumps(other_code).encode()), evidence(**parts))
    other_count = report(group=[{**GROUP, "population": [{"count": 4}]}])
    for lost in (other_count, report(group=[]), report()):
        with pytest.raises(Finding):
            resource.shows("MeasureReport.group", answered(dumps(lost).encode()), evidence(**parts))


def test_of_a_form_inside_an_extension_that_form_counts_alone(evidence, edition):
    """A neighbour that lost a zero says nothing about it."""
    holder = edition.profile(PROFILE).by_id["MeasureReport.group.extension:baseline"]
    url = holder.types[0].profiles[0].partition("|")[0]

    def answer(value: str, start: str) -> dict:
        inside = [
            {"url": "baseline", "valueQuantity": {"value": Decimal(value)}},
            {"url": "period", "valuePeriod": {"start": start}},
        ]
        return report(group=[{"extension": [{"url": url, "extension": inside}]}])

    path = f"{holder.id}.extension:period.valuePeriod"
    parts = {"payloads": {"report": answer("1.50", "2024")}, "row": {"profile": PROFILE, "path": path}}
    resource.shows(holder.id, answered(dumps(answer("1.5", "2024")).encode()), evidence(**parts))
    with pytest.raises(Finding, match=r"extension\[1\].valuePeriod.start comes back changed"):
        resource.shows(holder.id, answered(dumps(answer("1.50", "2025")).encode()), evidence(**parts))


@pytest.mark.parametrize("matcher", [resource.valid, resource.fhirpath])
def test_an_answer_without_a_resource_is_a_finding(evidence, matcher):
    """Whatever is asked of it."""
    with pytest.raises(Finding, match="is empty"):
        matcher({"true": ""}, answered(None), evidence())


# ---- searches


def test_contains_and_excludes_look_at_matches_alone(evidence):
    """A resource that was only included is no match."""
    parts = {"resources": known("a", "b")}
    found = searched(bundle(report("a"), include=(report("b"),)))
    search.contains(["a"], found, evidence(**parts))
    search.excludes(["b"], found, evidence(**parts))
    with pytest.raises(Finding, match="misses MeasureReport/b"):
        search.contains(["a", "b"], found, evidence(**parts))
    with pytest.raises(Finding, match="returns MeasureReport/a"):
        search.excludes(["a"], found, evidence(**parts))


def test_what_was_included_is_marked_so(evidence):
    """In all pages of the answer."""
    parts = {"resources": known("a", "b", "c")}
    found = searched(bundle(report("a")), bundle(report("c"), include=(report("b"),)))
    search.includes(["b"], found, evidence(**parts))
    with pytest.raises(Finding, match="as a match, though it was only included"):
        search.includes(["c"], found, evidence(**parts))
    with pytest.raises(Finding, match="does not include MeasureReport/z"):
        search.includes(["z"], found, evidence(resources=known("z")))


def status_query(edition, value: str) -> Query:
    parameter = next(each for each in edition.search_parameters("MeasureReport") if each.code == "status")
    return Query("MeasureReport", parameter, "status", value)


def test_the_matches_are_exactly_what_matches(evidence, edition):
    """No more and no less of this run's resources; what others have there does not count."""
    parts = {
        "resources": known("a", b=report(status="pending")),
        "query": status_query(edition, "complete"),
    }
    search.exactly("what-matches", searched(bundle(report("a"), report("foreign"))), evidence(**parts))
    with pytest.raises(Finding, match="returned 0 of 1 expected MeasureReports"):
        search.exactly("what-matches", searched(bundle()), evidence(**parts))
    with pytest.raises(Finding, match=r"returned MeasureReports that do not match \(1 of 2\)"):
        search.exactly("what-matches", searched(bundle(report("a"), report("b"))), evidence(**parts))


def test_in_a_read_only_run_every_match_is_judged(evidence, edition):
    """By its own content: nothing there was created by the run."""
    parts = {"query": status_query(edition, "complete"), "is_read_only": True}
    search.exactly("what-matches", searched(bundle(report("x"))), evidence(**parts))
    with pytest.raises(Finding, match="do not match"):
        search.exactly("what-matches", searched(bundle(report("x", status="pending"))), evidence(**parts))


def test_every_match_satisfies_an_expression(evidence):
    """One that does not is named."""
    is_complete = {"status = 'complete'": "is complete"}
    search.every(is_complete, searched(bundle(report("a"), report("b"))), evidence())
    with pytest.raises(Finding, match="returned MeasureReport/b: expected that it is complete"):
        search.every(is_complete, searched(bundle(report("a")), bundle(report("b", status="error"))), evidence())


def test_counts_and_ids_are_those_of_this_run(evidence):
    """Foreign resources are not counted."""
    parts = {"resources": known("a", "b"), "answers": {"before": searched(bundle(report("a")))}}
    found = searched(bundle(report("a"), report("foreign")))
    search.count(1, found, evidence(**parts))
    search.same_ids_as("before", found, evidence(**parts))
    with pytest.raises(Finding, match="returned 2 of this run's resources, expected 1"):
        search.count(1, searched(bundle(report("a"), report("b"))), evidence(**parts))
    with pytest.raises(Finding, match="2 of this run's resources, 1 when asked the other way"):
        search.same_ids_as("before", searched(bundle(report("a"), report("b"))), evidence(**parts))


def test_pages_hold_each_match_once(evidence):
    """And there are as many as stated at least."""
    search.pages(2, searched(bundle(report("a")), bundle(report("b"))), evidence())
    with pytest.raises(Finding, match="returned MeasureReport/a on two pages"):
        search.pages(2, searched(bundle(report("a")), bundle(report("a"))), evidence())
    with pytest.raises(Finding, match="came in 1 page, expected at least 2") as found:
        search.pages(2, searched(bundle(report("a"), report("b"))), evidence())
    assert not found.value.should


def test_a_server_need_not_page(evidence):
    """One page of exactly what was asked for is a SHOULD that was missed."""
    url = f"{BASE}/MeasureReport?_count=1"
    with pytest.raises(Finding) as found:
        search.pages(2, searched(bundle(report("a")), url=url), evidence())
    assert found.value.should


@pytest.mark.parametrize("matcher", ["contains", "excludes", "every", "count", "includes", "pages", "same_ids_as"])
@pytest.mark.parametrize(("body", "status"), [(None, 200), (OUTCOME, 400), (report(), 200), (bundle(), 500)])
def test_only_a_bundle_answers_a_search(evidence, matcher, body, status):
    """Any other answer is a finding, whatever is asked of it."""
    values = {"every": "true", "count": 0, "pages": 1, "same_ids_as": "x"}
    with pytest.raises(Finding, match=f"answered {status}"):
        MATCHERS[matcher](values.get(matcher, []), searched(body, status=status), evidence())


# ---- what was there before


def test_existing_resources_are_validated(evidence, edition):
    """Each that claims a profile; where there is none, nothing was tested."""
    good = {**build(PROFILE, edition, random.Random(1), size="minimal"), "id": "1"}
    assert edition.profile(PROFILE).url in good["meta"]["profile"]
    existing.every_valid(YES, searched(dumps(bundle(good)).encode()), evidence())
    with pytest.raises(Finding, match="1 of 2 resources that") as found:
        existing.every_valid(YES, searched(dumps(bundle(good, {**good, "status": "x"})).encode()), evidence())
    assert not found.value.should
    with pytest.raises(NotTestedError):
        existing.every_valid(YES, searched(bundle()), evidence())


def test_what_claims_no_profile_breaks_none(evidence):
    """That it is no valid resource is a warning; and if it is one, no profile was looked at."""
    with pytest.raises(Finding, match="without a profile of the guide") as found:
        existing.every_valid(YES, searched(bundle(report("1", status="x"))), evidence())
    assert found.value.should
    with pytest.raises(NotTestedError, match="claims a profile"):
        existing.every_valid(
            YES, searched(bundle({"resourceType": "Organization", "id": "1", "name": "Payer"})), evidence()
        )


def test_an_element_is_looked_for_in_what_claims_the_profile(evidence, edition):
    """Elsewhere it says nothing; and where none has it, that is not verified, and no fail."""
    claim = {"meta": {"profile": [f"{edition.profile(PROFILE).url}|1.1.0"]}}
    parts = {"row": {"profile": PROFILE}}
    shows = existing.shows_somewhere
    shows("MeasureReport.date", searched(bundle(report("a", date="2024", **claim))), evidence(**parts))
    with pytest.raises(NotTestedError, match="none of 1 resources has"):
        shows("MeasureReport.date", searched(bundle(report("a", **claim), report("b", date="2024"))), evidence(**parts))
    with pytest.raises(NotTestedError, match="claims"):
        shows("MeasureReport.date", searched(bundle(report("a", date="2024"))), evidence(**parts))


# ---- CapabilityStatement


def capabilities(**of_reports) -> dict:
    rest = {"mode": "server", "resource": [{"type": "MeasureReport", **of_reports}]}
    return {"resourceType": "CapabilityStatement", "rest": [rest]}


def test_a_statement_declares_what_a_requirement_is_about(evidence):
    """An interaction of a type; said elsewhere it does not count."""
    statement.declares("mr-read", answered(capabilities(interaction=[{"code": "read"}])), evidence())
    for other in (capabilities(interaction=[{"code": "vread"}]), {"resourceType": "CapabilityStatement"}, None):
        with pytest.raises(Finding, match="does not declare interaction read of MeasureReport"):
            statement.declares("mr-read", answered(other), evidence())
    with pytest.raises(HarnessError):
        statement.declares("nothing", answered(capabilities()), evidence())


def test_a_search_parameter_is_declared_with_its_type(evidence):
    """Another type is another parameter, so is another definition; none, or one of the server's own, is a SHOULD."""
    url = "http://hl7.org/fhir/SearchParameter/MeasureReport-date"
    said = {"name": "date", "type": "date", "definition": f"{url}|4.0.1"}
    statement.declares("mr-search-date", answered(capabilities(searchParam=[said])), evidence())
    with pytest.raises(Finding, match="declares search date of MeasureReport as token"):
        statement.declares(
            "mr-search-date", answered(capabilities(searchParam=[{**said, "type": "token"}])), evidence()
        )
    for definition, is_should in (
        ("http://hl7.org/fhir/SearchParameter/clinical-date", False),
        ("https://payer.example/fhir/SearchParameter/our-date", True),
        (None, True),
    ):
        declared = capabilities(searchParam=[{**said, "definition": definition}])
        with pytest.raises(Finding, match=f"definition.*expected {url}") as raised:
            statement.declares("mr-search-date", answered(declared), evidence())
        assert raised.value.should is is_should


# ---- all together


def test_the_first_that_does_not_hold_is_raised_and_a_should_is_given_back(evidence):
    """What explains most comes first; a SHOULD among the matchers ends nothing."""
    one_page = searched(bundle(report("a")), url=f"{BASE}/MeasureReport?_count=1")
    expect = Expect.model_validate({"status": "201", "fhirpath": "false"})
    with pytest.raises(Finding, match="expected 201"):
        check(expect, answered(report()), evidence())
    missed = check(Expect.model_validate({"pages": 2, "contains": "a"}), one_page, evidence(resources=known("a")))
    assert [each.should for each in missed] == [True]


def test_places_in_an_expectation_are_filled_in(evidence):
    """`{{name.path}}` stands for a value that is known only now."""
    expect = Expect.model_validate({"fhirpath": "id = '{{a.id}}'"})
    assert check(expect, answered(report("a")), evidence(resources=known("a"))) == []
    with pytest.raises(Finding):
        check(expect, answered(report("b")), evidence(resources=known("a")))


def test_a_history_is_read_as_one_bundle():
    """The entries of all its pages."""
    pages = [exchange({"resourceType": "Bundle", "entry": [{"resource": report(str(n))}]}) for n in range(2)]
    answer = Answer("history", pages[0], pages)
    assert [each["resource"]["id"] for each in answer.resource["entry"]] == ["0", "1"]


def test_the_same_is_compared_with_what_an_earlier_step_sent(evidence):
    """A name may be that of an answer."""
    earlier = answered(report("1"))
    earlier.sent = report(date="2024")
    resource.same_as("created", answered(report("1", date="2024")), evidence(answers={"created": earlier}))
    with pytest.raises(Finding):
        resource.same_as("created", answered(report("1")), evidence(answers={"created": earlier}))
    assert CreatedResource("a", "1", report()).scope()["id"] == "1"


def found_by(matcher, answer, evidence) -> str:
    """What a matcher finds, empty where it holds."""
    try:
        MATCHERS[matcher](YES, answer, evidence())
    except Finding as finding:
        return finding.sentence
    return ""


@pytest.mark.parametrize(
    ("status", "body", "is_denied"),
    [
        (401, None, True),
        (403, OUTCOME, True),
        (404, None, True),
        (200, {"resourceType": "Bundle", "type": "searchset"}, True),
        (200, {"resourceType": "Bundle", "entry": [{"resource": OUTCOME, "search": {"mode": "outcome"}}]}, True),
        (200, {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "MeasureReport"}}]}, False),
        (200, OUTCOME, False),
        (500, None, False),
    ],
)
def test_the_ways_to_deny_a_bundle(evidence, status, body, is_denied):
    """401, 403, 404 and success without results are those that R4 lists."""
    assert (found_by("denied", answered(body, status), evidence) == "") is is_denied


@pytest.mark.parametrize(
    ("status", "body", "is_shut"),
    [
        (0, None, True),
        (400, b"<html>", True),
        (301, None, True),
        (200, b"<html>", True),
        (200, {"resourceType": "CapabilityStatement"}, False),
        (401, None, False),
    ],
)
def test_what_is_no_side_door(evidence, status, body, is_shut):
    """Silence, refusals, redirects and pages of others; who asks for credentials serves."""
    assert (found_by("shut", answered(body, status), evidence) == "") is is_shut


@pytest.mark.parametrize("origin", ["*", "https://elsewhere.example"])
def test_credentials_for_every_origin(evidence, origin):
    """By a star or by repeating the origin."""
    allowed = {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
    answer = answered({"resourceType": "CapabilityStatement"}, headers=allowed)
    answer.exchange = replace(answer.exchange, request_headers=Headers({"Origin": "https://elsewhere.example"}))
    assert "any origin" in found_by("no_open_credentials", answer, evidence)
