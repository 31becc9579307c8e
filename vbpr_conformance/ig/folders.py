"""Where the data of the project lies: suites, editions, the base of FHIR R4, and the user's cache."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def suites_folder() -> Path:
    """The folder of suites and editions: inside an installed package, beside it in a checkout."""
    inside = PACKAGE / "suites"
    return inside if inside.is_dir() else PACKAGE.parent / "suites"


def editions_folder() -> Path:
    """The folder with one folder per edition of the guide."""
    return suites_folder() / "editions"


def r4_folder() -> Path:
    """The folder of the base of FHIR R4, in the same notation as the editions."""
    return PACKAGE / "fhir" / "r4"


def cache_folder() -> Path:
    """The folder for what can be made again: `VBPR_CACHE_DIR`, or the place the operating system has for that."""
    chosen = os.environ.get("VBPR_CACHE_DIR")
    if chosen:
        return Path(chosen).expanduser()
    try:
        return _usual_cache()
    except RuntimeError:  # this user has no home, as one that is but a number in a container
        return Path(tempfile.gettempdir()) / f"vbpr-conformance-cache-{os.getuid()}"


def _usual_cache() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "vbpr-conformance"
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "vbpr-conformance" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vbpr-conformance"
