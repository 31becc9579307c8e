"""Does the plain tasks of `observe` with fhirclient (SMART's, PyPI), as its documentation says, and prints a table."""

import json
import os
from pathlib import Path

from fhirclient.client import FHIRClient
from fhirclient.models import bundle, measure, measurereport, organization

task = json.loads(Path(os.environ["VBPR_TASK_JSON"]).read_text(encoding="utf-8"))
server = FHIRClient(settings={"app_id": "vbpr", "api_base": os.environ["VBPR_BASE"]}).server


def read_report(reference):
    return measurereport.MeasureReport.read(reference.rpartition("/")[2], server)


def rows(report):
    period = report.period
    start, end = period.start.as_json() if period.start else "?", period.end.as_json() if period.end else "open"
    date = report.date.as_json() if report.date else ""
    yield [report.id, report.status, date, start, end, "", ""]
    for group in report.group or []:
        name = group.code.text if group.code else group.id
        score = group.measureScore
        value = score.value if score is not None and score.value is not None else "none"
        yield [report.id, report.status, date, start, end, name, value]


def table(reports):
    print("report;status;date;start;end;metric;score")
    for report in reports:
        for row in rows(report):
            print(";".join(str(each) for each in row))


if task["do"] == "find-reports":
    criteria = {name: each for name, each in task["find"].items() if name not in {"type", "profile"}}
    table(measurereport.MeasureReport.where(criteria).perform_resources(server))
elif task["do"] == "read-report":
    report = read_report(task["report"])
    table([report])
    if report.reporter is not None and (report.reporter.reference or "").startswith("Organization/"):
        payer = organization.Organization.read(report.reporter.reference.rpartition("/")[2], server)
        print(f"from;{payer.name}")
    for each in report.subject.extension or [] if report.subject else []:
        print(f"about;{each.valueReference.reference if each.valueReference else ''}")
elif task["do"] == "contract-of":
    url, _, version = read_report(task["report"]).measure.partition("|")
    for each in measure.Measure.where({"url": url, "version": version}).perform_resources(server):
        print(each.id, each.title, each.effectivePeriod.as_json() if each.effectivePeriod else "")
elif task["do"] == "cited-reports":
    table(read_report(each.reference) for each in read_report(task["report"]).evaluatedResource or [])
elif task["do"] == "versions":
    history = bundle.Bundle.read_from(f"{task['resource']}/_history", server)
    table(entry.resource for entry in history.entry)
