"""The scenarios that come with the project: a faultless client passes all of them, whatever the server's manners."""

from __future__ import annotations

import json

import jsonschema
import pytest
from client_bench import make_bench

from vbpr_conformance import cli
from vbpr_conformance.errors import UsageError
from vbpr_conformance.fhir import json_codec
from vbpr_conformance.fhir.yaml12 import load
from vbpr_conformance.ig.loader import editions, load_edition
from vbpr_conformance.observe.scenario_file import load_scenarios, scenario_files
from vbpr_conformance.observe.scenario_language import json_schema_of_scenarios
from vbpr_conformance.suite.verdicts import Verdict

SCENARIOS = [each.id for each in load_scenarios(load_edition("1.1.0"))]
FALSE_ALARMS = {Verdict.FAIL, Verdict.ERROR}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_faultless_client_fails_nowhere(bench, name):
    """Also where the server does what R4 leaves to it."""
    results = bench.judged(name)
    assert {key: each.message for key, each in results.items() if each.verdict in FALSE_ALARMS} == {}
    assert not bench.stories[name].trouble
    open_ones = {key for key, each in results.items() if each.verdict is Verdict.SKIP and each.applicable}
    assert {key for key in open_ones if results[key].expectation == "SHALL"} == set()


def test_a_tester_meets_the_plain_task_first_and_hostile_servers_last():
    order = [SCENARIOS.index(each) for each in ("plain", "zero-scores", "pages-of-one", "html")]
    assert (SCENARIOS[0], order) == ("plain", sorted(order))


@pytest.mark.parametrize("edition", editions())
def test_every_edition_has_every_scenario(edition):
    assert [each.id for each in load_scenarios(load_edition(edition))] == SCENARIOS


def test_the_same_seed_gives_the_same_data():
    first, second = (make_bench(seed=7).session.scenario("plain").data for _ in range(2))
    assert [each.versions for each in first.held.values()] == [each.versions for each in second.held.values()]
    other = make_bench(seed=8).session.scenario("plain").data
    assert other.held["first"].reference != first.held["first"].reference


def test_a_task_says_in_data_what_it_says_in_words(bench):
    task = bench.session.task_data("plain")
    provider = bench.session.scenario("plain").data.held["provider"]
    assert provider.reference in task["task"]
    assert task["find"]["subject-organization"] == provider.reference
    json.dumps(task)


def test_a_task_gives_nothing_to_send_that_is_not_to_be_sent(bench):
    """And no id of what is to be found without one."""
    given = {}
    for each in bench.session.scenarios:
        if each.suite == "Writing":
            task, data = bench.session.task_data(each.id), bench.session.scenario(each.id).data
            payloads = {"payloads" for held in data.held.values() if held.is_payload}
            given[each.id] = payloads | (set(task) & {"resource", "other", "where"})
    conditional = {key: {"where"} for key in ("update-what-matches", "delete-what-matches", "delete-accepted")}
    assert given == {
        "create-unless-there": {"payloads", "where"},
        **conditional,
        "patch": {"resource"},
        "transaction": {"payloads", "resource"},
        "batch": {"resource", "other"},
    }


@pytest.mark.parametrize("edition", editions())
def test_every_parameter_can_be_ticked_off(edition):
    """The data tells reports from each other by each of them, in every edition."""
    bench = make_bench(edition)
    for name in (each for each in SCENARIOS if each.startswith("search-")):
        results = bench.judged(name)
        ticks = {key: each.verdict for key, each in results.items() if key.startswith("by-")}
        assert set(ticks.values()) == {Verdict.PASS}, ticks


@pytest.mark.parametrize("edition", editions())
def test_every_requirement_of_clients_has_a_case_or_a_reason(capsys, edition):
    """Also in the list that `requirements` prints."""
    assert cli.main(["requirements", "--edition", edition, "--format", "json"]) == 0
    listed = [each for each in json.loads(capsys.readouterr().out) if each["actor"] == "client"]
    reasons = {each.id for each in load_edition(edition).requirements if each.not_tested}
    assert {each["id"] for each in listed if not each["cases"]} <= reasons
    assert len(listed) > 100


BROKEN = """
suite: Broken
actor: client
data:
  one:
    payer: {profile: us-core-organization}
scenarios:
  - id: first
    title: A title
    data: one
    do: find-reports
    task: A task
    cases:
      - id: it
        title: A case
        delivered: [payer]
"""


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (("data: one\n    do", "data: two\n    do"), 10, "no data 'two'"),
        (("    do: find-reports\n", ""), 8, "'do' is missing"),
        (("delivered: [payer]", "delivered: [payor]"), 16, "no resource 'payor'; did you mean 'payer'?"),
        (("delivered: [payer]", "deliverd: [payer]"), 16, "did you mean 'delivered'?"),
        (("title: A case\n", "title: A case\n        requirements: client-mr-raed\n"), 16, "no requirement"),
        (("do: find-reports", "do: find-reports\n    manners: [rude]"), 12, "there is no manner rude"),
    ],
)
def test_a_mistake_in_a_file_is_said_with_its_line(tmp_path, change, line, said):
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN.replace(*change))
    with pytest.raises(UsageError) as error:
        load_scenarios(load_edition("1.1.0"), [path])
    assert said in str(error.value)
    assert f"{path}:{line}:" in str(error.value)


def test_the_published_schema_accepts_the_scenarios_of_the_project():
    """And no word that the model does not know."""
    judge = jsonschema.Draft202012Validator(json_schema_of_scenarios())
    for path in scenario_files():
        data = json.loads(json_codec.dumps(load(path.read_bytes(), str(path))))
        assert [each.message for each in judge.iter_errors(data)] == []
        data["scenario"] = []
        assert any("'scenario' was unexpected" in each.message for each in judge.iter_errors(data))
