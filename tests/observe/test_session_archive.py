"""A named session goes on after a restart; two at once, and two clients in one, are kept apart."""

from __future__ import annotations

import dataclasses

import httpx
import pytest
from client_bench import ROOT, make_bench

from vbpr_conformance.errors import UsageError
from vbpr_conformance.observe.client_story import ClientStory
from vbpr_conformance.observe.observe_app import ObserveApp
from vbpr_conformance.observe.observe_session import ObserveSession
from vbpr_conformance.observe.scenario_verdicts import ScenarioJudge
from vbpr_conformance.observe.session_archive import SessionArchive
from vbpr_conformance.observe.smart_login import ClientRegistration


def served(tmp_path, name="mine", **more):
    bench = make_bench()
    archive = SessionArchive.open(name, {"seed": 4711, "edition": "1.1.0"}, tmp_path)
    known = [each for each in bench.session.scenarios if each.id in {"plain", "zero-scores"}]
    made = ObserveSession(name, bench.session.edition, known, archive.facts["seed"], root=ROOT, archive=archive, **more)
    return made, client_of(made)


def client_of(session):
    app = ObserveApp(session)

    def send(request):
        answer = app.answer(
            request.method, request.url.raw_path.decode(), dict(request.headers), request.read(), "client"
        )
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)

    return httpx.Client(transport=httpx.MockTransport(send))


def close(session):
    for each in session.opened.values():
        each.close()
    session.archive.close()


def verdicts(session, name):
    observed = session.scenario(name)
    story = ClientStory(session=[observed], answers=session.answers)
    return [dataclasses.replace(each, exchanges=()) for each in ScenarioJudge(observed, story).results()]


def test_after_a_restart_all_is_as_before(tmp_path):
    """Requests with their bodies, what was written, answers, and so the verdicts; secrets were never kept."""
    session, client = served(tmp_path)
    first = session.scenario("plain").data.held["first"].reference
    base = session.base("plain")
    assert client.get(f"{base}/{first}").status_code == 200
    client.get(f"{base}/MeasureReport?nonsense=1", headers={"Authorization": "Bearer secret-token"})
    assert client.delete(f"{base}/{first}").status_code in {200, 204}
    session.take_answer("plain/scores#1", "72.9183")
    before = verdicts(session, "plain")
    close(session)
    kept = b"".join(each.read_bytes() for each in (tmp_path / "mine").iterdir())
    assert b"secret-token" not in kept
    with (tmp_path / "mine" / "plain.requests").open("a") as file:
        file.write('{"number": 4, "star')  # a process that was killed

    again, client = served(tmp_path)
    assert [each.line() for each in again.scenario("plain").recording.requests][1:] == [
        "GET /MeasureReport?nonsense=1 → 200",
        f"DELETE /{first} → {again.scenario('plain').recording.requests[2].status}",
    ]
    assert client.get(f"{base}/{first}").status_code == 410
    assert again.answers == {"plain/scores#1": "72.9183"}
    again.scenario("plain").recording.requests.pop()
    assert verdicts(again, "plain") == before
    close(again)


def test_a_scenario_that_is_begun_anew_forgets(tmp_path):
    session, client = served(tmp_path)
    first = session.scenario("plain").data.held["first"].reference
    client.delete(f"{session.base('plain')}/{first}")
    session.take_answer("plain/scores#1", "1")
    session.repeat("plain")
    close(session)
    again, client = served(tmp_path)
    assert again.scenario("plain").recording.requests == []
    assert again.answers == {}
    assert client.get(f"{again.base('plain')}/{first}").status_code == 200
    close(again)


def test_one_session_is_served_by_one_process(tmp_path):
    session, _ = served(tmp_path)
    with pytest.raises(UsageError, match="is being served by another process"):
        SessionArchive.open("mine", {}, tmp_path)
    close(session)


def test_what_is_no_session_is_said(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "session.json").write_text("[]")
    with pytest.raises(UsageError, match="is no session"):
        SessionArchive.open("mine", {}, tmp_path)


def test_two_testers_at_once_never_get_each_others_requests(tmp_path):
    """Each has a session; what one's client asks of the other's is answered as nobody's."""
    mine, my_client = served(tmp_path, "mine")
    yours, your_client = served(tmp_path, "yours")
    my_client.get(f"{mine.base('plain')}/MeasureReport")
    your_client.get(f"{yours.base('plain')}/Measure")
    strayed = my_client.get(f"{yours.base('plain')}/MeasureReport")
    assert [each.target for each in mine.scenario("plain").recording.requests] == ["/MeasureReport"]
    assert [each.target for each in yours.scenario("plain").recording.requests] == ["/Measure"]
    assert strayed.status_code == 404
    assert "belongs to no session" in strayed.json()["issue"][0]["diagnostics"]
    close(mine)
    close(yours)


def test_two_clients_in_one_session_are_told_apart_by_their_tokens(tmp_path):
    session, client = served(tmp_path, registration=ClientRegistration())
    base = session.base("plain")
    auth = (session.registration.id, session.registration.secret)
    form = {"grant_type": "client_credentials", "scope": "system/*.rs"}
    tokens = [client.post(f"{base}/auth/token", data=form, auth=auth).json()["access_token"] for _ in range(2)]
    for token in (*tokens, tokens[0]):
        client.get(f"{base}/MeasureReport", headers={"Authorization": f"Bearer {token}"})
    asked = [each.client for each in session.scenario("plain").recording.requests if each.type == "MeasureReport"]
    assert asked == ["login 1", "login 2", "login 1"]
    close(session)
