"""The validator's word on what was built: nothing is called conformant that it has not seen."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Profile
from vbpr_conformance.validate.issue import Issue


@lru_cache(maxsize=8)
def _validator(edition: Edition) -> Any:
    try:
        from vbpr_conformance.validate.validator import Validator  # noqa: PLC0415
    except ImportError:
        return None
    return Validator(edition)


def errors(resource: dict[str, Any], profile: Profile, edition: Edition) -> list[Issue]:
    """The errors in a resource, judged by this profile and those it claims."""
    validator = _validator(edition)
    if validator is None:
        return []
    return [issue for issue in validator.issues(resource, [profile]) if issue.is_error]


def is_sound(bundle: dict[str, Any], edition: Edition) -> str:
    """What is wrong with a Bundle whose resources belong together; nothing if all of it is fine."""
    validator = _validator(edition)
    found = [issue for issue in validator.issues(bundle) if issue.is_error] if validator is not None else []
    return f"{found[0].expression}: {found[0].message}" if found else ""
