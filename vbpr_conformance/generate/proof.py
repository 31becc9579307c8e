"""The validator's word on what was built: nothing is called conformant that it has not seen."""

from __future__ import annotations

from typing import Any

from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Profile
from vbpr_conformance.validate.issue import Issue
from vbpr_conformance.validate.validator import validator_for


def errors(resource: dict[str, Any], profile: Profile, edition: Edition) -> list[Issue]:
    """The errors in a resource, judged by this profile and those it claims."""
    return [issue for issue in validator_for(edition).issues(resource, [profile]) if issue.is_error]


def first_bundle_error(bundle: dict[str, Any], edition: Edition) -> str:
    """What is wrong with a Bundle whose resources belong together; nothing if all of it is fine."""
    found = [issue for issue in validator_for(edition).issues(bundle) if issue.is_error]
    return f"{found[0].expression}: {found[0].message}" if found else ""
