"""Why requirements were not tested: those of one reason together."""

from __future__ import annotations

from collections.abc import Iterable

from vbpr_conformance.suite.run_summary import RequirementVerdict


def by_reason(requirements: Iterable[RequirementVerdict]) -> dict[str, list[str]]:
    """Give the ids of requirements by the reason that they share.

    Reasons that say the same of one search parameter and another are one: none is named where there are several.
    """
    alike: dict[str, dict[str, list[str]]] = {}
    for each in requirements:
        reason = each.reason.partition("\n")[0]
        parameter = each.requirement.about.get("search")
        general = reason.removesuffix(f" by {parameter}") if parameter else reason
        alike.setdefault(general, {}).setdefault(reason, []).append(each.requirement.id)
    return {
        next(iter(reasons)) if len(reasons) == 1 else general: [name for names in reasons.values() for name in names]
        for general, reasons in alike.items()
    }
