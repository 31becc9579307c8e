"""The resources that all cases of a suite share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from vbpr_conformance.errors import TargetError
from vbpr_conformance.suite.created_resource import CreatedResource
from vbpr_conformance.suite.findings import Finding, NotTestedError
from vbpr_conformance.suite.language import Seed

if TYPE_CHECKING:
    from vbpr_conformance.suite.run_resources import RunResources
    from vbpr_conformance.suite.search_settling import SearchSettling
    from vbpr_conformance.suite.suite_file import Suite

MakePayload = Callable[[Seed, Mapping[str, Any], str, str], dict[str, Any]]
"""Makes a payload of a specification, the resources it may name, and the names of its suite and of itself."""


class Populations:
    """The population of each suite, created when first asked for: all of it, or nothing."""

    def __init__(self, resources: RunResources, settling: SearchSettling, make: MakePayload) -> None:
        self._resources = resources
        self._settling = settling
        self._make = make
        self._by_suite: dict[str, dict[str, CreatedResource] | Exception] = {}

    def of(self, suite: Suite) -> dict[str, CreatedResource]:
        """Give the population of a suite; what kept it from being created is raised each time."""
        key = str(suite.path)
        if key not in self._by_suite:
            try:
                self._by_suite[key] = self._create(suite)
            except TargetError:
                raise
            except Finding as finding:  # the first case of the suite tells it
                self._by_suite[key] = NotTestedError(f"not verifiable: {finding.sentence}")
                raise
            except Exception as reason:  # noqa: BLE001  whatever it is, it ends every case of the suite
                self._by_suite[key] = reason
        found = self._by_suite[key]
        if isinstance(found, Exception):
            raise found
        return found

    def created(self, suite: Suite) -> list[CreatedResource]:
        """Give what was created for a suite so far; nothing is created."""
        found = self._by_suite.get(str(suite.path))
        return list(found.values()) if isinstance(found, dict) else []

    def _create(self, suite: Suite) -> dict[str, CreatedResource]:
        created: dict[str, CreatedResource] = {}
        for name, spec in suite.spec.population.items():
            scope = {each.name: each.scope() for each in created.values()}
            created[name] = self._resources.create(name, self._make(spec, scope, suite.name, name), for_all=True)
        self._settling.find_out(created.values())
        return created
