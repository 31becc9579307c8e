"""The page of a session in a real browser: by keyboard, 400 pixels wide, light and dark, and while requests come."""

from __future__ import annotations

import contextlib
import shutil
import socket
import time
from pathlib import Path

import httpx
import pytest

from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.observe.client_story import ClientStory
from vbpr_conformance.observe.guidance_page import GuidancePage
from vbpr_conformance.observe.live_verdicts import LiveVerdicts
from vbpr_conformance.observe.observe_app import ObserveApp
from vbpr_conformance.observe.observe_run import serving
from vbpr_conformance.observe.observe_session import ObserveSession
from vbpr_conformance.observe.scenario_file import load_scenarios

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")


@pytest.fixture(scope="module")
def served():
    """A session of two scenarios with its page."""
    edition = load_edition("1.1.0")
    known = [each for each in load_scenarios(edition) if each.id in {"plain", "zero-scores"}]
    session = ObserveSession("s1", edition, known, 4711)
    live = LiveVerdicts(session, lambda seen: ClientStory(answers=session.answers, session=[seen]))
    listener = socket.create_server(("127.0.0.1", 0))
    session.root = f"http://127.0.0.1:{listener.getsockname()[1]}"
    ended = []
    with (
        contextlib.closing(listener),
        serving(ObserveApp(session, (GuidancePage(session, live, lambda: ended.append(True)),)), listener),
    ):
        session.ended = ended
        session.live = live
        yield session


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(params=[(1100, "light"), (400, "dark")], ids=lambda each: f"{each[0]}-{each[1]}")
def page(request, browser, served):
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    opened = context.new_page()
    opened.goto(f"{served.root}/s1")
    yield opened
    context.close()


def test_the_page_follows_the_session_and_keeps_what_is_open(page, served):
    served.repeat("zero-scores")
    page.wait_for_function("document.getElementById('s-zero-scores').innerText.includes('not begun')")
    page.focus("#s-zero-scores summary")
    page.keyboard.press("Enter")
    httpx.get(f"{served.base('zero-scores')}/MeasureReport?nonsense=1")
    httpx.get(f"{served.root}/s1/zero-scores/r4/MeasureReport")
    time.sleep(0.4)
    served.live.refresh()
    page.wait_for_function("document.getElementById('s-zero-scores').innerText.includes('no search parameter')")
    assert page.evaluate("document.getElementById('s-zero-scores').open")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert "does not lie below the base URL" in page.inner_text(".wrong")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_quiz_is_answered_and_a_scenario_begun_anew_by_keyboard(page, served):
    served.repeat("zero-scores")
    httpx.get(f"{served.base('zero-scores')}/MeasureReport")
    time.sleep(0.4)
    served.live.refresh()
    page.reload()
    page.focus("#s-zero-scores summary")
    page.keyboard.press("Enter")
    page.focus("[id='q-zero-scores/scores#1']")
    page.keyboard.type("0")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert served.answers == {"zero-scores/scores#1": "0"}
    page.focus("#s-zero-scores summary")
    page.keyboard.press("Enter")
    page.focus("button[name=repeat][value=zero-scores]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert served.answers == {}
    assert served.scenario("zero-scores").recording.requests == []


@pytest.mark.parametrize("may_write", [True, False])
def test_the_base_url_is_copied_by_keyboard(page, served, may_write):
    """To the clipboard; where a browser forbids that, it is selected to be copied, and said."""
    if may_write:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    else:
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('forbidden')) }")
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    button = page.locator("[aria-label='Copy the base URL of zero-scores']").first
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.getElementById('live').textContent")
    got = page.evaluate("navigator.clipboard.readText()" if may_write else "getSelection().toString()")
    assert got == served.base("zero-scores")


def test_nothing_hinders_readers_with_aids(page, served):
    """By axe-core, with all that can be open open."""
    axe = pytest.importorskip("axe_core_python")
    httpx.get(f"{served.base('zero-scores')}/MeasureReport")
    time.sleep(0.4)
    served.live.refresh()
    page.reload()
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(result => result.violations.map(each => `${each.id}: ${each.help}`))")
    assert found == []


def test_the_session_is_ended_from_the_page_and_from_nowhere_else(page, served):
    headers = {"Accept": "text/html", "Origin": "http://evil.test"}
    assert httpx.post(f"{served.root}/s1", data={"done": "1"}, headers=headers).status_code == 403
    assert not served.ended
    with page.expect_navigation():
        page.click("button[name=done]")
    assert served.ended
    served.ended.clear()
