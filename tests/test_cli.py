"""The command line as scripts and people meet it: exit codes, what is printed, and one sentence for every mistake."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

REPORT = "vbp-performance-measurereport"


@pytest.fixture(scope="module")
def vbpr(nursery, tmp_path_factory):
    """Runs the command line as a user does, in a process of its own."""

    def run(*arguments, stdin="", cwd=None, env=None):
        folder = cwd or tmp_path_factory.mktemp("cli")
        ended = nursery.run(arguments, cwd=folder, env={"COLUMNS": "100", **(env or {})}, stdin=stdin, seconds=120)
        return subprocess.CompletedProcess(arguments, ended.code, ended.out, ended.err)

    return run


def one_sentence(result):
    """What went wrong, as the one line on stderr that it has to be."""
    assert "Traceback" not in result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("vbpr-conformance")]
    assert len(lines) == 1, result.stderr
    return lines[0]


@pytest.fixture(scope="module")
def reports(vbpr):
    """Three conformant reports, a line each."""
    return vbpr("generate", REPORT, "-n", 3, "--seed", 7, "--format", "ndjson").stdout


@pytest.fixture(scope="module")
def faulty(vbpr):
    """A report without its date."""
    return vbpr("generate", REPORT, "--seed", 7, "--faulty", "min:MeasureReport.date", "--format", "ndjson").stdout


def test_help_is_there_for_the_command_line_and_each_command(vbpr, snapshot):
    """`--help` names the commands, and every command has a help of its own."""
    result = vbpr("--help")
    assert result.returncode == 0
    snapshot("help", result.stdout)
    for command in ("run", "validate", "generate", "serve", "requirements", "cleanup", "ig", "schema"):
        assert vbpr(command, "--help").returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("frobnicate",),
        ("run", "--examples", "0"),
        ("run", "--workers", "many"),
        ("run", "not-a-url"),
        ("run", "http://[::1"),
        ("run", "http://127.0.0.1:9/fhir?a=query"),
        ("cleanup", "http://127.0.0.1:9/fhir?a=query"),
        ("run", "--edition", "3.0.0"),
        ("run", "--suite", "no-such-suite"),
        ("run", "--suite", "no-such-file.yaml"),
        ("run", "http://127.0.0.1:9", "--header", "no colon"),
        ("run", "http://127.0.0.1:9", "--basic", "no-colon"),
        ("run", "--config", "no-such-file.yaml"),
        ("validate", "no-such-file.json"),
        ("validate", "-", "--edition", "3.0.0"),
        ("validate", "-", "--profile", "no-such-profile"),
        ("validate", "-", "--package", "no-such-package.tgz"),
        ("generate", "no-such-profile"),
        ("generate", REPORT, "--faulty", "no-such-rule"),
        ("generate", REPORT, "-n", "-1"),
        ("serve", "--fault", "no-such-fault"),
        ("serve", "--data", "no-such-folder"),
        ("serve", "--port", "eighty"),
        ("requirements", "--edition", "3.0.0"),
        ("ig", "diff", "no-such-package.tgz"),
    ],
)
def test_bad_usage_is_one_sentence_and_exit_code_2(vbpr, arguments, tmp_path):
    """Whatever a user gets wrong is said in one line, without a traceback."""
    result = vbpr(*arguments, stdin='{"resourceType": "Basic"}', cwd=tmp_path)
    assert (result.returncode, bool(one_sentence(result))) == (2, True)


@pytest.mark.parametrize("command", ["run", "cleanup"])
def test_an_unreachable_target_is_one_sentence_and_exit_code_3(vbpr, command, tmp_path):
    """A server that does not answer says nothing about conformance."""
    result = vbpr(command, "http://127.0.0.1:9/fhir", cwd=tmp_path, env={"VBPR_STATE_DIR": str(tmp_path)})
    if command == "run":
        assert result.returncode == 3
        assert "http://127.0.0.1:9" in one_sentence(result)
    else:
        # Nothing is known to be left there: nobody needs to be asked.
        assert result.returncode in {0, 3}


def test_valid_resources_exit_with_0_and_invalid_ones_with_1(vbpr, reports, faulty):
    """The exit code tells whether all are valid."""
    assert vbpr("validate", "-", stdin=reports).returncode == 0
    assert vbpr("validate", "-", stdin=reports + faulty).returncode == 1


def test_text_names_each_resource_its_issues_and_the_sum(vbpr, faulty, snapshot):
    """The text form is for people: verdict, place, sentence, rule."""
    snapshot("validate-text", vbpr("validate", "-", stdin=faulty).stdout)


def test_json_is_an_array_with_one_object_per_resource(vbpr, reports, faulty):
    """The JSON form has the fields that other programs build on."""
    result = vbpr("validate", "-", "--format", "json", stdin=reports + faulty)
    objects = json.loads(result.stdout)
    assert [each["valid"] for each in objects] == [True, True, True, False]
    assert set(objects[0]) == {"source", "resourceType", "id", "profiles", "valid", "issues"}
    issue = next(each for each in objects[3]["issues"] if each["severity"] == "error")
    assert set(issue) == {"severity", "code", "expression", "rule", "message", "profile"}
    assert issue["rule"] == "min:MeasureReport.date"


@pytest.mark.parametrize(("count", "kind"), [(1, "OperationOutcome"), (3, "Bundle")])
def test_fhir_is_an_operation_outcome_or_a_bundle_of_them(vbpr, reports, count, kind):
    """The FHIR form is a resource itself."""
    text = "".join(reports.splitlines(keepends=True)[:count])
    outcome = json.loads(vbpr("validate", "-", "--format", "fhir", stdin=text).stdout)
    assert outcome["resourceType"] == kind
    if kind == "Bundle":
        assert [each["resource"]["resourceType"] for each in outcome["entry"]] == ["OperationOutcome"] * count


def test_text_that_is_no_resource_is_an_invalid_one_with_its_place(vbpr):
    """Broken input is reported like any other finding, with line and column."""
    result = vbpr("validate", "-", stdin='{"resourceType": "MeasureReport",')
    assert result.returncode == 1
    assert "Traceback" not in result.stderr


def test_a_profile_of_a_payer_is_taken_from_a_package(vbpr, tmp_path, reports):
    """`--package` adds a single StructureDefinition without a snapshot, and `--profile` names it."""
    url = "http://payer.example/StructureDefinition/ours"
    definition = {
        "resourceType": "StructureDefinition",
        "url": url,
        "name": "Ours",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": "MeasureReport",
        "baseDefinition": "http://hl7.org/fhir/us/davinci-vbpr/StructureDefinition/" + REPORT,
        "derivation": "constraint",
        "differential": {"element": [{"id": "MeasureReport.group", "path": "MeasureReport.group", "max": "0"}]},
    }
    package = tmp_path / "ours.json"
    package.write_text(json.dumps(definition))
    text = next(line for line in reports.splitlines() if json.loads(line).get("group"))
    result = vbpr("validate", "-", "--package", package, "--profile", url, "--format", "json", stdin=text)
    errors = [each for each in json.loads(result.stdout)[0]["issues"] if each["severity"] == "error"]
    assert result.returncode == 1
    assert {each["rule"] for each in errors} == {"max:MeasureReport.group"}
    assert vbpr("validate", "-", "--package", package, stdin=text).returncode == 0


@pytest.mark.parametrize("form", ["json", "ndjson", "bundle"])
@pytest.mark.parametrize("name", [REPORT, "contract-package"])
def test_the_same_seed_prints_the_same_bytes(vbpr, name, form):
    """Payloads can be brought back by their seed, and another seed brings others."""
    first, again = (vbpr("generate", name, "-n", 2, "--seed", 3, "--format", form) for _ in range(2))
    assert first.returncode == 0
    assert first.stdout == again.stdout
    assert first.stdout != vbpr("generate", name, "-n", 2, "--seed", 4, "--format", form).stdout


def test_a_generated_bundle_is_one_valid_resource(vbpr):
    """What is generated as a Bundle is judged as a Bundle, references included."""
    bundle = vbpr("generate", "contract-package", "--format", "bundle").stdout
    assert json.loads(bundle)["resourceType"] == "Bundle"
    assert vbpr("validate", "-", stdin=bundle).returncode == 0


@pytest.mark.parametrize("version", ["1.1.0", "1.0.0"])
def test_an_edition_does_not_differ_from_its_official_package(vbpr, packages, version):
    """`ig diff` finds nothing for either edition."""
    result = vbpr("ig", "diff", packages / f"hl7.fhir.us.davinci-vbpr-{version}.tgz")
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "no difference")


def test_a_changed_package_differs(vbpr, packages, tmp_path):
    """A change of one cardinality is one line, and exit code 1."""
    with tarfile.open(packages / "hl7.fhir.us.davinci-vbpr-1.1.0.tgz") as archive:
        archive.extractall(tmp_path, filter="data")
    file = tmp_path / "package" / f"StructureDefinition-{REPORT}.json"
    definition = json.loads(file.read_text())
    for view in ("snapshot", "differential"):
        for element in definition[view]["element"]:
            if element["id"] == "MeasureReport.group.code":
                element["min"] = 0
    file.write_text(json.dumps(definition))
    result = vbpr("ig", "diff", tmp_path)
    assert result.returncode == 1
    assert "MeasureReport.group.code" in result.stdout


def test_requirements_are_listed_with_their_cases(vbpr):
    """The JSON form has the fields that results.json shares; every server SHALL has a case or a reason."""
    objects = json.loads(vbpr("requirements", "--format", "json").stdout)
    assert {"id", "actor", "expectation", "about", "source", "cases"} <= set(objects[0])
    untested = [
        each["id"]
        for each in objects
        if (each["actor"], each["expectation"]) == ("server", "SHALL") and not each["cases"] and not each["not_tested"]
    ]
    assert untested == []


def test_requirements_as_csv_markdown_and_table_name_the_same(vbpr):
    """All forms list the same requirements."""
    ids = [each["id"] for each in json.loads(vbpr("requirements", "--format", "json").stdout)]
    rows = list(csv.DictReader(io.StringIO(vbpr("requirements", "--format", "csv").stdout)))
    assert [row["id"] for row in rows] == ids
    markdown, table = (vbpr("requirements", "--format", form).stdout for form in ("md", "table"))
    assert all(f"`{each}`" in markdown and each in table for each in ids)


def test_the_schema_of_suites_is_a_json_schema(vbpr):
    """Editors take it as it is."""
    schema = json.loads(vbpr("schema").stdout)
    assert {"suite", "actor", "cases"} <= set(schema["properties"])


def test_faults_are_listed_with_what_each_breaks(vbpr):
    """`serve --list-faults` is the catalogue."""
    lines = vbpr("serve", "--list-faults").stdout.splitlines()
    assert len(lines) >= 12
    assert all(len(line.split(maxsplit=1)) == 2 for line in lines)


def test_a_reader_that_goes_away_is_no_error():
    """`generate … | head -1` ends quietly."""
    command = f"{sys.executable} -m vbpr_conformance generate {REPORT} -n 200 --format ndjson | head -1"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert (result.stderr, result.stdout.count("\n")) == ("", 1)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("validate - <&-", "There is no standard input to read from."),
        (f"generate {REPORT} >&-", "There is no standard output to write to."),
        (f"generate {REPORT} -n 50 >/dev/full", "No space left on device."),
    ],
)
def test_closed_and_full_streams_are_one_sentence_and_exit_code_2(command, said):
    """What cannot be read or written is no verdict, and no traceback."""
    result = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m vbpr_conformance {command}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stderr) == (2, f"vbpr-conformance: {said}\n")


def test_the_suites_travel_with_the_package():
    """Editions and suites are found wherever the package is."""
    from vbpr_conformance.ig.folders import suites_folder

    assert {"editions", "server"} <= {each.name for each in Path(suites_folder()).iterdir()}
