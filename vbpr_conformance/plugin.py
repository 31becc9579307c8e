"""The pytest plugin: suite files are collected, each case is an item. Thin: options in, calls out.

Without `--vbpr-server` it does nothing to anybody's pytest run; what it needs is imported when it is needed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from vbpr_conformance import interrupts

if TYPE_CHECKING:
    from vbpr_conformance.client.client import FhirClient
    from vbpr_conformance.report.report_writer import ReportWriter, RunWriters
    from vbpr_conformance.suite.expand import Case
    from vbpr_conformance.suite.session import ServerUnderTest, Session
    from vbpr_conformance.suite.target_terms import TargetTerms
    from vbpr_conformance.suite.verdicts import CaseResult

SESSION: pytest.StashKey[Session] = pytest.StashKey()
WRITERS: pytest.StashKey[list[ReportWriter]] = pytest.StashKey()
"""Outputs beside those of `--vbpr-out`, put there by who starts pytest from Python."""
TROUBLES: pytest.StashKey[list[str]] = pytest.StashKey()
"""What could not be written, a sentence each."""
UNREACHABLE = 3
"""The exit code where the target is no FHIR server or does not answer, as that of the command line."""
RESULT = "vbpr_result"
"""The attribute of a test report that holds the case's result as plain data, also after a way between processes."""
TALLY = "vbpr_tally"
"""The attribute that holds what the process did to the target so far."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; all begin with `--vbpr-`."""
    group = parser.getgroup("vbpr", "conformance of a FHIR server (vbpr-conformance)")
    group.addoption("--vbpr-server", metavar="URL", help="base URL of the FHIR server to test; turns the suites on")
    group.addoption("--vbpr-edition", metavar="E", help="edition of the guide (default: the newest)")
    group.addoption("--vbpr-suite", metavar="NAME", action="append", help="only this suite file (repeatable)")
    group.addoption("--vbpr-examples", metavar="N", type=int, help="generated payloads for a case (default: 10)")
    group.addoption("--vbpr-seed", metavar="N", type=int, help="seed of all payloads (default: another each time)")
    group.addoption("--vbpr-read-only", action="store_true", help="write nothing to the server")
    group.addoption("--vbpr-strict", action="store_true", help="a SHOULD counts as a SHALL")
    group.addoption("--vbpr-run-id", metavar="ID", help="name of this run, on everything it creates")
    group.addoption("--vbpr-out", metavar="DIR", type=Path, help="write the reports of the run into this folder")
    group.addoption("--vbpr-redact-bodies", action="store_true", help="keep what is exchanged out of the reports")
    group.addoption("--vbpr-shard", metavar="I/N", help="only the I-th of N parts of the cases")
    group.addoption("--vbpr-failed", metavar="DIR", type=Path, help="only what was not green in the run of this folder")
    group.addoption("--vbpr-resume", metavar="DIR", type=Path, help="only what the run of this folder did not judge")
    group.addoption("--vbpr-stable", metavar="N", type=int, help="repeat each case N times and tell the flaky ones")
    group.addoption("--vbpr-embedded", action="store_true", help="the server was started for this run")
    group.addoption("--vbpr-deviations", metavar="JSON", help="known deviations, as an array of objects")


def pytest_configure(config: pytest.Config) -> None:
    """Begin a session if a server is given: the packaged suites unless paths are given."""
    for marker in ("allure_label(*labels, label_type): label in Allure's report", "allure_link(url): its links"):
        config.addinivalue_line("markers", marker)
    if not config.getoption("--vbpr-server"):
        return
    from vbpr_conformance.errors import UsageError
    from vbpr_conformance.suite.session import Session
    from vbpr_conformance.target.target_file import keep_credentials

    try:
        config.option.vbpr_server = keep_credentials(config.option.vbpr_server)
        session = config.stash[SESSION] = Session(
            config.option, getattr(config, "workerinput", None), _open_client, _terms()
        )
        _narrow(session, config.option)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error
    config.pluginmanager.register(Run(session, config), "vbpr-run")
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = [str(session.folder)]  # the folder, not its files: node ids are relative to it


def _terms() -> TargetTerms:
    """Read what the target file says of the target, where the environment names one."""
    from vbpr_conformance.target.access import terms_of
    from vbpr_conformance.target.target_file import handed_on

    return terms_of(handed_on())


def _open_client(url: str, **settings: Any) -> FhirClient:
    """Make a client that is let in as the environment says: secrets travel by it alone, also to workers."""
    from vbpr_conformance.target.access import open_target
    from vbpr_conformance.target.target_file import handed_on

    return open_target(url, handed_on(), **settings)


def _narrow(session: Session, option: Any) -> None:
    """Take the cases from an earlier run where one is named."""
    from vbpr_conformance.report.record_file import read_record
    from vbpr_conformance.suite.selection import not_green

    if option.vbpr_resume:
        session.resume(read_record(option.vbpr_resume))
    elif option.vbpr_failed:
        session.repeat(not_green(read_record(option.vbpr_failed).results))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect suite files: YAML that has the key `suite`; other YAML is somebody else's."""
    session = parent.config.stash.get(SESSION, None)
    if session is None or file_path.suffix not in {".yaml", ".yml"} or not session.takes(file_path):
        return None
    return SuiteFile.from_parent(parent, path=file_path)


class SuiteFile(pytest.File):
    """A suite file."""

    def collect(self) -> Iterator[pytest.Item]:
        """Expand the cases, offline and in a fixed order."""
        for case in self.config.stash[SESSION].cases(self.path):
            yield CaseItem.from_parent(self, name=case.id, case=case)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ARG002
        """Show a mistake in a suite as its one line."""
        from vbpr_conformance.errors import VbprError

        if isinstance(excinfo.value, VbprError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class CaseItem(pytest.Item):
    """A case."""

    def __init__(self, *, case: Case, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case = case
        self.suite = case.suite.spec.suite
        self.result: CaseResult | None = None
        from vbpr_conformance.report.allure_labels import labels_of_case

        for kind, value in labels_of_case(case, self.config.stash[SESSION].target.edition.version):
            self.add_marker(pytest.mark.allure_label(value, label_type=kind))
        if case.spec.link:
            self.add_marker(pytest.mark.allure_link(case.spec.link, name="specification", link_type="link"))

    def runtest(self) -> None:
        """Run the case; its verdict becomes pytest's: fail, skip, error, or passed."""
        from vbpr_conformance.errors import TargetError
        from vbpr_conformance.suite.verdicts import Verdict

        self.result = self.config.stash[SESSION].run(self.case)
        if self.result.deviation:
            pytest.xfail(self.result.deviation)
        if self.result.verdict is Verdict.FAIL:
            raise AssertionError(self._text())
        if self.result.verdict is Verdict.SKIP:
            pytest.skip(self.result.message)
        if self.result.verdict is Verdict.ERROR:
            raise TargetError(self.result.message)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the verdict first, the evidence below."""
        return self._text() or super().repr_failure(excinfo, style)

    def _text(self) -> str:
        from vbpr_conformance.report.failure_text import full_text

        return full_text(self.result, self.config.stash[SESSION].target.edition) if self.result is not None else ""

    def reportinfo(self) -> tuple[Path, int, str]:
        """The place in the suite file."""
        return self.path, self.case.line - 1, self.name


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Let the report carry the result."""
    made: Any = yield
    if isinstance(item, CaseItem) and call.when == "call" and item.result is not None:
        setattr(made.get_result(), RESULT, item.result.as_dict())
        setattr(made.get_result(), TALLY, item.config.stash[SESSION].tally())


class Run:
    """The hooks of a run against a server; registered only where one is given. Reports are written by one process."""

    def __init__(self, session: Session, config: pytest.Config) -> None:
        self._session = session
        self._config = config
        self._worker_output: dict[str, Any] | None = getattr(config, "workeroutput", None)
        self._is_parallel = False
        self._interrupted = False
        self._workers = interrupts.Workers()
        if self._worker_output is not None:
            interrupts.join(config.workerinput)  # type: ignore[attr-defined]

    @cached_property
    def writers(self) -> RunWriters:
        """The outputs of the run: those of `--vbpr-out`, and those that who started pytest asked for."""
        from vbpr_conformance.report.outputs import standard_writers
        from vbpr_conformance.report.report_writer import RunWriters

        out = self._config.option.vbpr_out
        return RunWriters([*(standard_writers(out) if out else ()), *self._config.stash.get(WRITERS, ())])

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what belongs to another shard, or was judged before."""
        cases = [item for item in items if isinstance(item, CaseItem)]
        chosen = {id(case) for case in self._session.choose([item.case for item in cases])}
        left_out = [item for item in cases if id(item.case) not in chosen]
        if left_out:
            items[:] = [item for item in items if item not in left_out]
            self._config.hook.pytest_deselected(items=left_out)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what was selected."""
        self._session.select(item.case for item in session.items if isinstance(item, CaseItem))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Before the first case: is there a FHIR server at all? If not, that is the one thing to say."""
        from vbpr_conformance.errors import TargetError

        if self._worker_output is not None or self._config.option.collectonly:
            return
        self._is_parallel = self._config.pluginmanager.has_plugin("dsession")
        try:
            self._session.probe()
        except TargetError as error:
            pytest.exit(str(error), returncode=UNREACHABLE)
        if not self._is_parallel and (session.testsfailed == 0 or self._config.option.continue_on_collection_errors):
            self.writers.begin(self._session.record)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Learn what was selected from the first worker of a parallel run: all collect the same."""
        if self._session.record.selected:
            return
        named = [nodeid.partition("::") for nodeid in ids]
        found = [(self._file(file), name) for file, _, name in named if file.endswith((".yaml", ".yml"))]
        self._session.select_named((path, name) for path, name in found if path is not None)
        self.writers.begin(self._session.record)

    def _file(self, name: str) -> Path | None:
        """Find the file of a node id: relative to the root, or to one of the paths that pytest was given."""
        given = [Path(each.partition("::")[0]) for each in self._config.args]
        places = [
            self._config.rootpath / name,
            *(each / name for each in given),
            *(each.parent / name for each in given),
        ]
        return next((each for each in places if each.is_file()), None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the result where the run is put together: in a parallel run that is the first process."""
        data = getattr(report, RESULT, None)
        if data is not None and self._worker_output is None:
            self._session.count(getattr(report, "worker_id", "master"), getattr(report, TALLY))
            self.writers.add(self._session.record, self._session.keep(data))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Know the workers of a parallel run."""
        self._workers.expect(node)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:  # noqa: ARG002  xdist calls it with both
        """Add up what the workers did."""
        output = getattr(node, "workeroutput", {})
        if "vbpr_tally" in output:
            self._session.count(node.gateway.id, output["vbpr_tally"])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what could not be written."""
        for error in self._config.stash.get(TROUBLES, []):
            terminalreporter.write_line(f"vbpr-conformance: {error}")

    def pytest_keyboard_interrupt(self) -> None:
        """Note that the run was ended from outside, and end the workers, who delete what they created."""
        self._interrupted = True
        for worker, tally in self._workers.interrupt().items():
            self._session.count(worker, tally)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Delete what was created, also after an interrupt, and write the results so far."""
        with interrupts.within(interrupts.DELETING_S) if self._interrupted else contextlib.nullcontext():
            self._session.close()
        if self._worker_output is not None:
            self._worker_output["vbpr_tally"] = self._session.tally()
            interrupts.tell(self._config.workerinput, self._session.tally())  # type: ignore[attr-defined]
        elif self._has_begun(exitstatus):
            if not self._is_parallel:
                self._session.count("master", self._session.tally())
            interrupted = self._interrupted or exitstatus == pytest.ExitCode.INTERRUPTED
            record = self._session.finish(interrupted=interrupted)
            self.writers.end(record, record.summary())
            self._config.stash[TROUBLES] = self.writers.troubles

    def _has_begun(self, exitstatus: int) -> bool:
        """Whether there is anything to write: a mistake in an option or in access leaves no folder behind."""
        record = self._session.record
        if record.results or record.trouble:
            return True
        failed = exitstatus in {pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR}
        return bool(record.selected) and not failed and not self._config.option.collectonly


@pytest.fixture(scope="session")
def vbpr_target(pytestconfig: pytest.Config) -> ServerUnderTest:
    """The server under test: its URL, the edition and the settings of the run."""
    session = pytestconfig.stash.get(SESSION, None)
    if session is None:
        pytest.skip("no server is given: --vbpr-server URL")
    return session.target


@pytest.fixture(scope="session")
def vbpr_client(pytestconfig: pytest.Config, vbpr_target: ServerUnderTest) -> FhirClient:  # noqa: ARG001  skips without a server
    """The REST client for the server under test, logged in; what it creates is deleted at the end."""
    return pytestconfig.stash[SESSION].context.client
