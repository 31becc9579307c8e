"""A session of `observe` without sockets: our own client asks it in the same process, and time is a number."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx
from client_faults import NO_FAULT
from reading_client import ReadingClient

from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.observe.client_story import ClientStory
from vbpr_conformance.observe.observe_app import ObserveApp
from vbpr_conformance.observe.observe_session import ObserveSession
from vbpr_conformance.observe.scenario_file import load_scenarios
from vbpr_conformance.observe.scenario_verdicts import ScenarioJudge

ROOT, FOREIGN = "http://observe.test", "http://elsewhere.test"


@dataclass
class Bench:
    """A session and the clock that it goes by."""

    session: ObserveSession
    now: float = 0.0
    stories: dict = field(default_factory=dict)

    def transport(self):
        """A transport that leads to the session, or to the other origin."""
        apps = {ROOT: ObserveApp(self.session), FOREIGN: ObserveApp(self.session, foreign=True)}

        def send(request):
            self.now += 0.001
            target = request.url.raw_path.decode()
            headers = {name.lower(): value for name, value in request.headers.items()}
            origin = f"{request.url.scheme}://{request.url.netloc.decode()}"
            if origin not in apps:
                raise httpx.ConnectError(f"nobody is at {origin}")
            answer = apps[origin].answer(request.method, target, headers, request.read())
            if answer.cut:
                raise httpx.RemoteProtocolError("the body is cut")
            return httpx.Response(answer.status, headers=answer.headers, content=answer.body)

        return httpx.MockTransport(send)

    def sleep(self, seconds):
        self.now += seconds

    def visit(self, name, fault=NO_FAULT, client=ReadingClient):
        """Let a client do the task of a scenario, begun anew; what it puts out is kept for the verdicts."""
        observed = self.session.repeat(name)
        self.session.running = name
        payloads = {held.name: held.resource for held in observed.data.held.values() if held.is_payload}
        made = client(
            self.session.task_data(name), send=self.transport(), fault=fault, sleep=self.sleep, payloads=payloads
        )
        trouble = ""
        try:
            made.do()
        except (SystemExit, httpx.HTTPError, ValueError, LookupError, StopIteration, RecursionError) as error:
            trouble = "" if observed.scenario.faults else f"the client broke down: {error!r}"
        self.stories[name] = ClientStory(outputs=[("shown.json", made.output().encode())], trouble=trouble)
        return observed

    def verdicts(self, name):
        """The verdicts of a scenario that was visited: each case with its message."""
        observed = self.session.scenario(name)
        story = self.stories[name]
        story.session = [observed]
        return {each.id.partition("/")[2]: each for each in ScenarioJudge(observed, story).results()}

    def judged(self, name, fault=NO_FAULT):
        """Visit and judge."""
        self.visit(name, fault)
        return self.verdicts(name)


def make_bench(edition="1.1.0", seed=4711):
    """A bench with every scenario of an edition."""
    loaded = load_edition(edition)
    bench = Bench(None)
    bench.session = ObserveSession(
        "s1", loaded, load_scenarios(loaded), seed, root=ROOT, foreign_root=FOREIGN, clock=lambda: bench.now
    )
    return bench
