"""The page for people, at the session's own URL: base URLs to copy, tasks, what came, what came to the wrong place."""

from __future__ import annotations

from html import escape

from vbpr_conformance.observe.observe_session import ObserveSession
from vbpr_conformance.observe.scenario_answer import ScenarioAnswer

_STYLE = """
:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem}
code{overflow-wrap:anywhere;user-select:all}
section{border-top:1px solid;padding:.5rem 0}
h2{font-size:1.1rem;margin:.25rem 0}
p{margin:.25rem 0}
"""
_LAST = 5
_WRONG = 10


class GuidancePage:
    """Answers requests for the page of a session; leaves all others to the next."""

    def __init__(self, session: ObserveSession) -> None:
        self._session = session

    def __call__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> ScenarioAnswer | None:  # noqa: ARG002  a route
        """Give the page at `/` and `/{session}`, to who asks for a page."""
        path = target.partition("?")[0].rstrip("/")
        if method not in {"GET", "HEAD"} or path not in {"", f"/{self._session.name}"}:
            return None
        if "html" not in headers.get("accept", ""):
            return None
        headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
        return ScenarioAnswer(200, headers, body=self._page().encode())

    def _page(self) -> str:
        session = self._session
        parts = [self._scenario(each.id, each.spec.title) for each in session.scenarios]
        wrong = list(session.unmatched)[-_WRONG:]
        said = "".join(f"<li><code>{escape(f'{e.method} {e.target}')}</code>: {escape(e.cause)}</li>" for e in wrong)
        beside = f"<section><h2>Requests to no scenario</h2><ul>{said}</ul></section>" if said else ""
        return (
            '<!doctype html><html lang="en"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            '<meta http-equiv="refresh" content="10">'
            f"<title>{escape(session.name)}</title><style>{_STYLE}</style>"
            f"<h1>Session {escape(session.name)}</h1><p>Point the client to the base URL of a scenario, and let "
            f"it do the task.</p>{beside}{''.join(parts)}</html>"
        )

    def _scenario(self, name: str, title: str) -> str:
        observed = self._session.opened.get(name)
        task = f"<p>{escape(observed.task)}</p>" if observed is not None else "<p>not begun</p>"
        requests = observed.recording.requests if observed is not None else []
        last = "".join(f"<li><code>{escape(each.line())}</code></li>" for each in requests[-_LAST:])
        count = f"<p>{len(requests)} requests</p><ol>{last}</ol>" if requests else ""
        base = f"<p><code>{escape(self._session.base(name))}</code></p>"
        return f'<section id="{escape(name)}"><h2>{escape(name)}: {escape(title)}</h2>{base}{task}{count}</section>'
