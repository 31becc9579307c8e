"""Does the plain tasks of `observe` with fhirpy (PyPI), as its documentation says, and prints what it found."""

import json
import os
from pathlib import Path

from fhirpy import SyncFHIRClient

task = json.loads(Path(os.environ["VBPR_TASK_JSON"]).read_text(encoding="utf-8"))
client = SyncFHIRClient(os.environ["VBPR_BASE"])


def read(reference):
    kind, _, key = reference.partition("/")
    return client.reference(kind, key).to_resource()


def found(kind, criteria):
    return client.resources(kind).search(**criteria).fetch_all()


def print_report(report):
    print(report["resourceType"], report["id"], report.get("status"), report.get("date", ""))
    period = report.get("period", {})
    print("  period", period.get("start", "?"), "to", period.get("end", "open"))
    for group in report.get("group", []):
        score = group.get("measureScore", {})
        name = group.get("code", {}).get("text", group.get("id"))
        print("   ", name, score.get("value", "no score"), score.get("unit", ""))


criteria = dict(task.get("find", {}))
kind = criteria.pop("type", "MeasureReport")
criteria.pop("profile", None)
if task["do"] in {"find-reports", "find-all"}:
    for each in found(kind, criteria):
        print_report(each)
elif task["do"] == "read-report":
    report = read(task["report"])
    print_report(report)
    reporter = report.get("reporter", {})
    if reporter.get("reference", "").startswith("Organization/"):
        payer = read(reporter["reference"])
        print("  from", payer.get("name"), payer["id"])
    for each in report.get("subject", {}).get("extension", []):
        print("  about", each.get("valueReference", {}).get("reference"))
elif task["do"] == "contract-of":
    url, _, version = read(task["report"])["measure"].partition("|")
    for each in found("Measure", {"url": url, "version": version}):
        print("Measure", each["id"], each.get("title"), each.get("effectivePeriod"))
elif task["do"] == "cited-reports":
    for each in read(task["report"]).get("evaluatedResource", []):
        print_report(read(each["reference"]))
elif task["do"] == "versions":
    history = client.execute(f"{task['resource']}/_history", method="get")
    for entry in history.get("entry", []):
        print_report(entry["resource"])
        print("  version", entry["resource"]["meta"]["versionId"])
