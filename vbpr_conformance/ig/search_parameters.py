"""The search parameters of a resource type, from what is held."""

from __future__ import annotations

from vbpr_conformance.ig.definitions import CanonicalResource, Definitions, well_formed
from vbpr_conformance.ig.model import SearchParameter


def search_parameters(definitions: Definitions, resource_type: str, own: str) -> tuple[SearchParameter, ...]:
    """Those defined for the resource type itself; of two of the same code the one of the guide's own stands."""
    found: dict[str, SearchParameter] = {}
    definition = definitions.of_type("SearchParameter")
    for each in sorted(definition, key=lambda one: (bool(own) and one.url.startswith(f"{own}/"), one.url)):
        if resource_type in each.resource.get("base", ()):
            made = search_parameter(each)
            found[made.code] = made
    return tuple(found.values())


def search_parameter(definition: CanonicalResource) -> SearchParameter:
    """One SearchParameter resource as an object."""
    resource = definition.resource
    with well_formed(definition):
        return SearchParameter(
            url=definition.url,
            code=str(resource["code"]),
            type=str(resource["type"]),
            base=tuple(resource["base"]),
            expression=str(resource.get("expression", "")),
            targets=tuple(resource.get("target", ())),
            comparators=tuple(resource.get("comparator", ())),
            modifiers=tuple(resource.get("modifier", ())),
            chains=tuple(resource.get("chain", ())),
            version=definition.version,
        )
