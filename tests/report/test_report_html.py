"""The page that people read."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape

import pytest
from browser import axe_script, chromium, dom, violations

from vbpr_conformance.report.report_html import html
from vbpr_conformance.report.result_tables import must_support_tables, search_matrices
from vbpr_conformance.suite.verdicts import FailedCheck


@pytest.fixture
def page(record) -> str:
    """The page of a run with everything in it."""
    record.results += more(record)
    return html(record, record.summary(), "reports/x")


def more(record):
    """Cases of the families that have tables of their own."""
    kept = record.results[0]
    lost = FailedCheck("date is lost", matcher="shows")
    row = (("profile", "a-report"), ("element", "MeasureReport.date"))
    return [
        replace(kept, id="ms/kept", parameters=(*row, ("path", "MeasureReport.date"))),
        replace(record.results[1], id="ms/lost", check=lost, parameters=row),
        *(
            replace(
                record.results[number], id=f"m/{form}", parameters=(("type", "T"), ("param", "date"), ("form", form))
            )
            for number, form in ((0, "eq"), (1, "ge"), (3, "sa"))
        ),
    ]


def test_the_verdict_comes_first_in_one_sentence(page):
    """A manager can repeat it."""
    assert '<h1 class="v v-non-conformant">NOT CONFORMANT</h1>' in page
    assert page.index("<h1") < page.index("SHALL requirements") < page.index("What is wrong")


def test_a_cause_is_one_entry_with_its_evidence(page):
    """Request, answer with its digits, the differing element marked, and how to see it again."""
    assert page.count('<article class="cause') == len(re.findall(r'id="cause-', page)) >= 4
    assert "1 more case with this cause" in page
    assert "&#34;total&#34;: 12.50" in page
    assert "-k search-date/ge" in page


def test_what_was_written_before_stands_above_the_answer_that_shows_the_fault(record):
    """Who sees a wrong answer must see what had been written there."""
    one = record.results[1]
    [answer] = one.exchanges
    written = {**answer, "failed": False, "method": "PUT", "url": "https://payer.example/fhir/MeasureReport/b7"}
    other = {**answer, "failed": False, "url": "https://payer.example/fhir/metadata"}
    record.results[1] = replace(one, exchanges=(written, other, answer))
    shown = html(record, record.summary(), "reports/x")
    assert "PUT https://payer.example/fhir/MeasureReport/b7" in shown
    assert "GET https://payer.example/fhir/metadata" not in shown


def test_what_a_cause_breaks_is_linked(page):
    """A name leads to the requirement, which leads back."""
    assert '<dd><a href="#r-mr-search-date">mr-search-date</a></dd>' in page
    assert 'id="r-mr-search-date"' in page
    assert "&lt;a" not in page
    assert "<code>date</code>" in page
    assert "`" not in page


def test_what_a_target_sent_is_text(record):
    """No tag, no script, no control character of it reaches the page."""
    record.results[1] = replace(record.results[1], message="<script>alert(1)</script>\x1b[31m")
    made = html(record, record.summary(), "x")
    assert "<script>alert" not in made
    assert "&lt;script&gt;alert(1)" in made


def test_the_page_asks_nothing_of_a_network(page):
    """Links are for people; nothing is loaded."""
    assert not re.search(r'(?:src|srcset)="', page)
    assert not re.search(r"url\(|@import|<link|fetch\(|XMLHttpRequest", page)
    assert "default-src 'none'" in page


def test_must_support_and_search_are_shown_as_tables(record):
    """What became of each element, and of each form of each parameter."""
    results = [*record.results, *more(record)]
    assert [(row.element, row.state) for row in must_support_tables(results)["a-report"]] == [
        ("MeasureReport.date", "kept"),
        ("MeasureReport.date", "lost"),
    ]
    [matrix] = search_matrices(results)
    assert (matrix.parameters, matrix.forms) == (["date"], ["eq", "ge", "sa"])
    assert matrix.cells["date", "ge"].verdict == "fail"


@pytest.mark.slow
def test_the_filter_works_without_anything_else(page, tmp_path):
    """The script counts the requirements, and the form that needs it shows only with it."""
    file = tmp_path / "report.html"
    file.write_text(page)
    assert re.search(r"\d+ of \d+ requirements", dom(file))
    assert '<form id="filter" class="filter" role="search" hidden' in page
    assert 'id="filter" class="filter" role="search" hidden' not in dom(file)


@pytest.mark.slow
def test_everyone_can_read_it(page, tmp_path):
    """axe-core finds nothing: contrast, names and order, light and dark, wide and narrow, all parts open."""
    axe = axe_script(tmp_path)
    opened = page.replace("<details", "<details open")
    assert violations(opened, axe, tmp_path) == []
    assert violations(opened, axe, tmp_path, width=400, dark=True) == []


@pytest.mark.slow
def test_it_fits_a_narrow_window(record, tmp_path):
    """Nothing but tables is wider than 400 pixels, however long names are."""
    name = "client-ms-quality-group.stratifier.stratum.population.countQuantity.extension.measurereport"
    record.results += [replace(record.results[4], id=f"{name}/case", title=name, message=name, check=None)]
    file = tmp_path / "narrow.html"
    shown = html(record, record.summary(), "reports/x").replace("<details", "<details open")
    file.write_text(
        f'<!doctype html><iframe width="400" height="900" srcdoc="{escape(shown)}"></iframe><script>'
        "addEventListener('load', () => document.documentElement.setAttribute('data-width', "
        "(d => d.documentElement.scrollWidth + ' ' + [...d.querySelectorAll('main *')].filter(e => "
        "e.getBoundingClientRect().right > 402 && !e.closest('.wide, pre')).map(e => e.outerHTML.slice(0, 90)))"
        "(document.querySelector('iframe').contentDocument)))</script>",
        encoding="utf-8",
    )
    width, _, wider = re.search(r'data-width="([^"]*)"', dom(file))[1].partition(" ")
    assert (int(width) <= 400, wider) == (True, "")


@pytest.mark.slow
def test_on_paper_all_evidence_is_there(page, tmp_path):
    """What is closed on a screen is open on paper, nothing is cut off, the form is gone; then all is as before."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="no Playwright")
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8")
    closed = "document.querySelectorAll('details:not([open]):not(.long)').length"
    cut = "[...document.querySelectorAll('pre')].filter(e => e.scrollHeight > e.clientHeight + 1).length"
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": 720, "height": 1000})
        shown.goto(file.as_uri())
        before = shown.evaluate(closed)
        shown.emulate_media(media="print")
        shown.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        on_paper = shown.evaluate(f"[{closed}, {cut}, document.documentElement.scrollWidth]")
        form = shown.is_visible("#filter")
        shown.evaluate("window.dispatchEvent(new Event('afterprint'))")
        after = shown.evaluate(closed)
        browser.close()
    assert on_paper == [0, 0, 720]
    assert not form
    assert before == after > 0
