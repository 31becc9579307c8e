"""What a client lists: what came along with what was asked for is told apart from it, in any style."""

from __future__ import annotations

import pytest

from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.observe.scenario_data import HeldResource, ScenarioData
from vbpr_conformance.observe.shown_lists import listed_alike
from vbpr_conformance.observe.shown_values import ClientOutput

IDS = {"r1": "hq8fc-7878rk", "r2": "qk4zf-tqq94m", "q3": "kk37f-vr4j93"}


def report(name, **more):
    profile = load_edition("1.1.0").find_profile("MeasureReport")
    return HeldResource(name, profile, [{"resourceType": "MeasureReport", "id": IDS[name], **more}])


FIRST = report("r1", evaluatedResource=[{"reference": f"MeasureReport/{IDS['q3']}"}])
SECOND, CITED = report("r2"), report("q3")


def listed(output):
    data = ScenarioData({each.name: each for each in (FIRST, SECOND, CITED)})
    for name, own in IDS.items():
        output = output.replace(name, own)
    shown = ClientOutput([("", output.encode())], data, load_edition("1.1.0"))
    return listed_alike([FIRST, SECOND], CITED, shown)


@pytest.mark.parametrize(
    "output",
    [
        "Reports: 3\nReport r1\n  date: 2031-05-01\nReport r2\n  date: 2031-05-02\nReport q3\n  date: 2031-05-03\n",
        "r1 | 2031-05-01 | 12.5\nr2 | 2031-05-02 | 13\nq3 | 2031-05-03 | 14\n",
        "- r1: 12.5\n- q3: 14\n- r2: 13\n",
        "== r1 ==\nCost: 1\n----\n== r2 ==\nCost: 2\n----\n== q3 ==\nCost: 3\n----\n",
        "Report r1\n  cites: q3\nReport r2\nReport q3\n",
        '{"id": "r1", "score": 1}\n{"id": "r2", "score": 2}\n{"id": "q3", "score": 3}\n',
        '{"id": "r1", "day": 1, "cites": ["q3"]}\n{"id": "r2", "day": 2, "score": 2}\n{"id": "q3", "day": 3}',
        '[{"id": "r1"}, {"id": "r2"}, {"id": "q3"}]',
        "## Report r1\n\n| cost a | 1 |\n\n## Report r2\n\n| cost b | 2 |\n\n## Report q3\n\n| cost c | 3 |\n",
        "Report r1\nCost a: 1.5\nReport r2\nCost b: 2.5\nReport q3\nCost c: 3.5\n",
        "id,score,cited by\nr1,1,\nr2,2,\nq3,3,\n",
        "<h2>Report r1</h2><p>12</p><h2>Report r2</h2><p>13</p><h2>Report q3</h2><p>14</p>",
    ],
)
def test_what_is_cited_is_listed_as_if_it_had_been_found(output):
    assert IDS["q3"] in listed(output)


@pytest.mark.parametrize(
    "output",
    [
        "Reports: 2\nReport r1\n  date: 2031-05-01\nReport r2\n\nCited: 1\nReport q3\n  date: 2031-05-03\n",
        "Report r1\nReport r2\nWhat else came\nReport q3\n",
        "Report r1\nCost a: 1.5\nReport r2\nCost b: 2.5\nMehr: 1\nReport q3\nCost c: 3.5\n",
        "Report r1\n  cites: q3\nReport r2\n",
        "Report r1\n  Report q3\nReport r2\n",
        "Report r1\nReport r2\nQuality report q3\n",
        "r1 | 12.5\nr2 | 13\nq3 | 14 | cited by r1\n",
        "Report r1\n kind: performance\nReport r2\n kind: performance\nReport q3\n kind: deqm\n",
        '{"id": "r1", "role": "found"}\n{"id": "r2", "role": "found"}\n{"id": "q3", "role": "cited"}\n',
        '{"reports": [{"id": "r1"}, {"id": "r2"}], "cited": [{"id": "q3"}]}',
        '[{"id": "r1", "search": {"mode": "match"}}, {"id": "q3", "search": {"mode": "include"}}]',
        "id,score,cited by\nr1,1,\nr2,2,\nq3,3,the report above\n",
        "id,kind\nr1,found\nr2,found\nq3,included\n",
        "<h1>Berichte</h1><h2>Bericht r1</h2><h2>Bericht r2</h2><h1>Zitiert</h1><h2>Bericht q3</h2>",
        "# Reports\n\n## Report r1\n\ntext\n\n## Report r2\n\n# Cited\n\n## Report q3\n",
    ],
)
def test_what_is_cited_may_be_shown_apart(output):
    assert listed(output) == ""
