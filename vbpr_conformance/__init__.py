"""Conformance tests for servers of the HL7 Da Vinci Value-Based Performance Reporting guide.

What users' own code may import is listed in `__all__`; nothing else is promised. What these need is imported when
they are called: every pytest run of every user loads this package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# The room `validate/` and the function `validate` share a name. Python sets the room as an attribute when it is first
# imported: here, so that the function below is what stays.
import vbpr_conformance.validate  # noqa: F401  see above

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from vbpr_conformance.ig.edition import Edition
    from vbpr_conformance.ig.model import Profile
    from vbpr_conformance.validate.issue import Issue

__all__ = ["conformant", "faulty", "load_edition", "validate"]
__version__ = "0.1.0"


def load_edition(version: str | None = None) -> Edition:
    """Load an edition of the guide, the newest if none is named; an unknown one is a `UsageError`."""
    from vbpr_conformance.ig import loader

    return loader.load_edition(version)


def validate(
    resource: bytes | str | dict[str, Any],
    profile: Profile | str | None = None,
    edition: Edition | str | None = None,
) -> list[Issue]:
    """Judge a resource (JSON or XML text, or parsed JSON) by `profile`, else by its `meta.profile`, else by its type.

    It is valid if no issue has the severity `error`. A profile that is not known is a `UsageError`.
    """
    from vbpr_conformance.errors import UsageError
    from vbpr_conformance.validate.validator import validator_for

    validator = validator_for(_edition(edition))
    if isinstance(profile, str) and validator.edition.find_profile(profile) is None:
        known = ", ".join(each.id for each in validator.edition.profiles)
        raise UsageError(f"There is no profile {profile!r}; those of the guide are {known}.")
    profiles = None if profile is None else [profile]
    if isinstance(resource, bytes | str):
        return validator.issues_of(resource, profiles)
    return validator.issues(resource, profiles)


# `import vbpr_conformance.validate.validator as name` asks what `vbpr_conformance.validate` is by its `__name__`.
validate.__name__ = f"{__name__}.validate"


def conformant(profile: Profile | str, edition: Edition | str | None = None) -> SearchStrategy[dict[str, Any]]:
    """Give a Hypothesis strategy of resources that conform to `profile` (its id or canonical URL)."""
    from vbpr_conformance.generate import strategies

    return strategies.conformant(profile, edition=_edition(edition))


def faulty(
    profile: Profile | str, rule: str | None = None, edition: Edition | str | None = None
) -> SearchStrategy[dict[str, Any]]:
    """Give a Hypothesis strategy of resources that break exactly one rule of `profile`, or exactly `rule`."""
    from vbpr_conformance.generate import strategies

    return strategies.faulty(profile, rule, edition=_edition(edition))


def _edition(edition: Edition | str | None) -> Edition:
    return load_edition(edition) if edition is None or isinstance(edition, str) else edition
