"""Prints the oldest versions of what pyproject.toml depends on, as constraints for pip."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
for line in project["dependencies"]:
    name, oldest = re.fullmatch(r"([\w.-]+)(?:\[\w+\])?>=([\w.]+)", line).groups()
    print(f"{name}=={oldest}")  # noqa: T201  its output
