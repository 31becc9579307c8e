"""Starts SEKMET on loopback, run by the Python of SEKMET's own environment: sekmet_server.py PORT FOLDER [--rows]
[--auth JSON], which is its setting `server_auth`.

As shipped SEKMET has no search parameters for Measure and MeasureReport; `--rows` adds them to its table, its
engine stays as it is.
"""

import sys
from pathlib import Path

import uvicorn
from sekmet.config import load_settings
from sekmet.fhir import search_params

REPORT = {
    "date": ("date", "date"),
    "period": ("date", "period"),
    "identifier": ("token", "identifier"),
    "status": ("token", "status"),
    "measure": ("uri", "measure"),
    "reporter": ("reference", "reporter"),
    "subject": ("reference", "subject"),
    "patient": ("reference", "subject"),
    "evaluated-resource": ("reference", "evaluatedResource"),
    "category": ("token", "extension.valueCodeableConcept"),
    "subject-organization": ("reference", "subject.extension.valueReference"),
}
MEASURE = {
    "date": ("date", "date"),
    "identifier": ("token", "identifier"),
    "name": ("string", "name"),
    "status": ("token", "status"),
    "title": ("string", "title"),
    "url": ("uri", "url"),
    "version": ("token", "version"),
}


def rows(names: dict[str, tuple[str, str]]) -> dict[str, search_params.SearchParam]:
    return {
        name: search_params.SearchParam(name, kind, (path,), target="Patient" if name == "patient" else None)
        for name, (kind, path) in names.items()
    }


def main() -> None:
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    if "--rows" in sys.argv:
        for name, table in (("MeasureReport", REPORT), ("Measure", MEASURE)):
            search_params.PARAMS[name] = {**search_params.PARAMS.get(name, {}), **rows(table)}
    settings = folder / "settings.yaml"
    settings.write_text(
        f"base_url: http://127.0.0.1:{port}/fhir\nhost: 127.0.0.1\nport: {port}\ndata_dir: {folder / 'data'}\n"
        "simulator: {enabled: false}\n" + (f"server_auth: {sys.argv[-1]}\n" if "--auth" in sys.argv else "")
    )
    from sekmet.main import create_app

    uvicorn.run(create_app(load_settings(str(settings))), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
