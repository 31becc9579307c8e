"""Claims of a target's own CapabilityStatement, and what is said of those that do not hold."""

from types import SimpleNamespace

import httpx
import pytest

from vbpr_conformance.client.client import FhirClient
from vbpr_conformance.fhir.json_codec import dumps
from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.suite.claim_trials import Claims, ClaimTrial, chosen
from vbpr_conformance.suite.created_resource import CreatedResource
from vbpr_conformance.suite.findings import Finding, NotTestedError
from vbpr_conformance.suite.matchers.claims_hold import claims_hold
from vbpr_conformance.suite.unkept_claims import try_claims

EDITION = load_edition("1.1.0")
BASE = "http://target.invalid/fhir"
HELD = CreatedResource(
    "report",
    "r1",
    {
        "resourceType": "MeasureReport",
        "reporter": {"reference": "Organization/o1"},
        "evaluatedResource": [{"reference": "https://elsewhere.example.org/fhir/MeasureReport/x"}],
    },
)
STATEMENT = {
    "rest": [
        {
            "mode": "server",
            "resource": [
                {
                    "type": "MeasureReport",
                    "searchParam": [
                        {"name": "reporter", "type": "reference"},
                        {"name": "status", "type": "token"},
                        {"name": "made-up", "type": "composite"},
                        {"name": "_count", "type": "number"},
                        {"name": "no name", "type": "string"},
                        7,
                    ],
                    "searchInclude": ["*", "MeasureReport:reporter", "MeasureReport:evaluated-resource"],
                },
                {
                    "type": "Organization",
                    "interaction": [{"code": "read"}, {"code": "search-type"}, {"code": "delete"}],
                    "searchRevInclude": ["MeasureReport:reporter", "List:item"],
                },
                {"type": "no/type", "interaction": [{"code": "read"}]},
            ],
        }
    ]
}
CLAIMS = Claims(STATEMENT, EDITION, "unused", [BASE], HELD)


def test_parameters_are_asked_for_with_what_no_resource_has():
    """Those about the answer are left out, and those without plain values; a code that no list has may be refused."""
    found = {trial.parameters[0]: trial.statuses for trial in CLAIMS.trials("parameters", "MeasureReport")}
    assert set(found) == {("reporter", "Practitioner/unused"), ("status", "unused")}
    assert 400 in found["status", "unused"]


def test_what_a_resource_refers_to_has_to_come_along():
    """Only what is on the same server."""
    found = {trial.parameters[1][1]: trial.brings for trial in CLAIMS.trials("includes", None)}
    assert found == {
        "*": {"Organization/o1"},
        "MeasureReport:reporter": {"Organization/o1"},
        "MeasureReport:evaluated-resource": frozenset(),
    }


def test_what_refers_to_a_resource_has_to_come_along():
    """Other claims only have to be answered."""
    found = {trial.parameters: trial.brings for trial in CLAIMS.trials("revincludes", None)}
    assert found == {
        (("_id", "o1"), ("_revinclude", "MeasureReport:reporter")): {"MeasureReport/r1"},
        (("_id", "unused"), ("_revinclude", "List:item")): frozenset(),
    }


def test_interactions_that_write_are_not_tried():
    """Nor is what has no name of a type."""
    found = [(trial.interaction, trial.path) for trial in CLAIMS.trials("interactions", None)]
    assert found == [("search", "Organization"), ("read", "Organization/unused")]


def test_what_shows_most_is_tried_first():
    """The others are taken evenly."""
    plain = [ClaimTrial(str(number), "Group") for number in range(10)]
    telling = ClaimTrial("telling", "Group", brings=frozenset({"Group/1"}))
    assert [each.claim for each in chosen([*plain, telling], 4)] == ["telling", "0", "4", "8"]
    assert chosen([*plain, telling], 1) == [telling]
    assert chosen([], 4) == []


def bundle(*entries):
    """Give a searchset of resources, each with its mode."""
    made = [{"resource": {"resourceType": kind, "id": id_}, "search": {"mode": mode}} for kind, id_, mode in entries]
    return {"resourceType": "Bundle", "type": "searchset", "entry": made}


def tried(trial, answers):
    """Try one claim against a server that answers each path so: a status and a resource."""

    def handle(request):
        status, resource = answers[request.url.path.removeprefix("/fhir/")]
        return httpx.Response(status, headers={"Content-Type": "application/fhir+json"}, content=dumps(resource))

    with FhirClient(BASE, transport=httpx.MockTransport(handle)) as client:
        return try_claims(client, [trial])


FOUND = bundle(("MeasureReport", "r1", "match"))
INCLUDE = ClaimTrial(
    "_include=MeasureReport:reporter", "MeasureReport", match="MeasureReport/r1", brings=frozenset({"Organization/o1"})
)


@pytest.mark.parametrize(
    ("trial", "answers", "said"),
    [
        (
            ClaimTrial("searches of Group", "Group"),
            {"Group": (501, {})},
            "claims searches of Group, but .*answered 501",
        ),
        (
            ClaimTrial("the search parameter a of MeasureReport", "MeasureReport", finds_nothing=True),
            {"MeasureReport": (200, FOUND)},
            "finds 1 resources, though none has this value",
        ),
        (
            INCLUDE,
            {"MeasureReport": (200, FOUND), "Organization/o1": (200, {"resourceType": "Organization"})},
            "does not bring Organization/o1",
        ),
        (INCLUDE, {"MeasureReport": (200, FOUND), "Organization/o1": (404, {})}, None),
        (INCLUDE, {"MeasureReport": (200, bundle())}, None),
        (INCLUDE, {"MeasureReport": (403, {})}, None),
        (INCLUDE, {"MeasureReport": (200, {"resourceType": "OperationOutcome"})}, "without a Bundle"),
    ],
)
def test_a_claim_that_does_not_hold_is_told(trial, answers, said):
    """One that the client may not use, or whose targets are gone, is no accusation."""
    answer = tried(trial, answers)
    if said is None:
        claims_hold(True, answer, SimpleNamespace())  # noqa: FBT003  as a suite says it
    else:
        with pytest.raises(Finding, match=said):
            claims_hold(True, answer, SimpleNamespace())  # noqa: FBT003


def test_a_server_that_claims_nothing_is_not_accused():
    """The case does not apply."""
    client = FhirClient(BASE, transport=httpx.MockTransport(lambda _: httpx.Response(500)))
    with client, pytest.raises(NotTestedError) as found:
        try_claims(client, [])
    assert not found.value.applicable


@pytest.mark.parametrize("names", [("_id",), ()])
def test_who_does_not_claim_ids_may_leave_them_out_of_a_search(names):
    """Such an answer holds what was not asked for, and proves nothing."""
    resource = {"type": "Group", "interaction": [{"code": "search-type"}], "searchParam": [{"name": n} for n in names]}
    claims = Claims({"rest": [{"mode": "server", "resource": [resource]}]}, EDITION, "nobody", (BASE,))
    [trial] = claims.trials("interactions", "Group")
    assert trial.finds_nothing is bool(names)
    assert (400 in trial.statuses) is not bool(names)
