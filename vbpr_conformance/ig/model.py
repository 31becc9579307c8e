"""The objects an edition is made of, all immutable.

They follow FHIR's own vocabulary: an `Element` is an ElementDefinition of a snapshot
(https://hl7.org/fhir/R4/elementdefinition.html), a `Profile` is a StructureDefinition with its snapshot
(https://hl7.org/fhir/R4/profiling.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

STRUCTURE_DEFINITION = "http://hl7.org/fhir/StructureDefinition/"
UNBOUNDED = None
"""The value of `Element.max` for `*`."""


@dataclass(frozen=True, slots=True)
class TypeRef:
    """One type an element may have. `code` is a FHIR type name (`string`, `Reference`, `BackboneElement`)."""

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    aggregation: tuple[str, ...] = ()
    versioning: str | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """A terminology binding. `strength` is required, extensible, preferred or example.

    `max_value_set` is the value set outside which no code may lie, whatever the strength
    (https://hl7.org/fhir/R4/extension-elementdefinition-maxvalueset.html).
    """

    strength: str
    value_set: str | None
    max_value_set: str | None = None


@dataclass(frozen=True, slots=True)
class Constraint:
    """An invariant: `expression` is FHIRPath, `severity` is error or warning, `human` our own words."""

    key: str
    severity: str
    expression: str
    human: str = ""
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Discriminator:
    """How slices are told apart: `type` is value, exists, pattern, type or profile; `path` is restricted FHIRPath."""

    type: str
    path: str


@dataclass(frozen=True, slots=True)
class Slicing:
    """`rules` is open, closed or openAtEnd."""

    discriminators: tuple[Discriminator, ...]
    rules: str = "open"
    ordered: bool = False


@dataclass(frozen=True)
class Element:
    """One element of a snapshot, with the elements below it.

    `id` is the element id as in the StructureDefinition (`MeasureReport.extension:category.value[x]`); `name` the
    last step of its path, with `[x]` for a choice. `max` is None for `*`; `base_max` is that of the element where
    it was first defined: it decides whether JSON holds an array. `fixed` and `pattern` are parsed JSON values.
    `children` are the unsliced elements one level below, in order; `slices` the slices of this element, in order
    (each an Element with `slice_name`). Both hold only what this snapshot unfolds: where `children` is empty the
    content follows from `types`. `content_reference` is the id of the element whose children apply here.
    """

    id: str
    path: str
    min: int
    max: int | None
    base_max: int | None
    types: tuple[TypeRef, ...] = ()
    slice_name: str | None = None
    fixed: Any = None
    pattern: Any = None
    binding: Binding | None = None
    constraints: tuple[Constraint, ...] = ()
    slicing: Slicing | None = None
    must_support: bool = False
    is_modifier: bool = False
    is_summary: bool = False
    content_reference: str | None = None
    max_length: int | None = None
    min_value: Any = None
    max_value: Any = None
    base_path: str = ""
    children: tuple[Element, ...] = ()
    slices: tuple[Element, ...] = ()

    @property
    def name(self) -> str:
        """The last step of the path, with `[x]` where the element is a choice of types."""
        return self.path.rpartition(".")[2]

    @property
    def is_choice(self) -> bool:
        """Whether the element is a choice of types, `value[x]`."""
        return self.path.endswith("[x]")

    @property
    def is_array(self) -> bool:
        """Whether JSON holds an array here: decided by the base definition, never by a profile."""
        return self.base_max is UNBOUNDED or self.base_max > 1

    @cached_property
    def by_name(self) -> Mapping[str, Element]:
        """The unsliced children by `name`."""
        return {child.name: child for child in self.children}


@dataclass(frozen=True)
class Profile:
    """A StructureDefinition with its snapshot.

    `kind` is primitive-type, complex-type, resource or logical; `type` the FHIR type it is about; `base` the
    canonical of its parent; `derivation` specialization (a type of FHIR itself) or constraint. `contexts` says
    where an extension may stand, as (type, expression) pairs with type element, extension or fhirpath.
    `elements` is the snapshot in order, flat; `root` the same as a tree.
    """

    url: str
    version: str | None
    name: str
    title: str
    kind: str
    type: str
    base: str | None
    derivation: str | None
    abstract: bool
    contexts: tuple[tuple[str, str], ...]
    context_invariants: tuple[str, ...]
    elements: tuple[Element, ...]
    source: str = ""

    @property
    def id(self) -> str:
        """The last step of the canonical URL, the name people use for it."""
        return self.url.rpartition("/")[2]

    @property
    def root(self) -> Element:
        """The first element of the snapshot, from which all others are reached."""
        return self.elements[0]

    @cached_property
    def by_id(self) -> Mapping[str, Element]:
        """The elements by their id."""
        return {element.id: element for element in self.elements}

    @property
    def is_extension(self) -> bool:
        """Whether this defines an extension."""
        return self.type == "Extension" and self.derivation == "constraint"

    @cached_property
    def must_support(self) -> tuple[Element, ...]:
        """The elements flagged Must Support, in snapshot order."""
        return tuple(element for element in self.elements if element.must_support)


@dataclass(frozen=True)
class CodeSystem:
    """A code system. `codes` maps each code to its display; `complete` says whether these are all its codes."""

    url: str
    version: str | None
    name: str
    complete: bool
    codes: Mapping[str, str]
    case_sensitive: bool = True


@dataclass(frozen=True)
class ValueSet:
    """A value set, expanded as far as local data goes.

    `codes` maps (system, code) to the display. `complete` says whether the expansion is all of it; `open_systems`
    are the systems of which it takes codes that are not held here (all codes, or a filter nobody here can apply):
    membership of their codes is not decidable here. Where not even
    the systems are known, none is named and it is just not complete.
    """

    url: str
    version: str | None
    name: str
    codes: Mapping[tuple[str, str], str]
    complete: bool
    open_systems: frozenset[str] = frozenset()

    def holds(self, system: str, code: str) -> bool | None:
        """Whether the code is in the value set; None where that cannot be decided here."""
        if (system, code) in self.codes:
            return True
        decided = self.complete or (bool(self.open_systems) and system not in self.open_systems)
        return False if decided else None


@dataclass(frozen=True)
class SearchParameter:
    """A search parameter. `type` is number, date, string, token, reference, composite, quantity, uri or special."""

    url: str
    code: str
    type: str
    base: tuple[str, ...]
    expression: str
    targets: tuple[str, ...] = ()
    comparators: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()
    chains: tuple[str, ...] = ()
    version: str | None = None


@dataclass(frozen=True)
class Requirement:
    """One requirement of the guide: `about` as in results.json, `source` where the guide says it, `text` our words.

    `when_claimed`: it holds only for a server that claims this in its CapabilityStatement, for all if empty.
    `not_tested`: the reason why no run can tell, and none counts it as open. `stated_as`: the name that the guide's
    capability statement uses by mistake, good only to explain a failure.
    """

    id: str
    actor: str
    expectation: str
    about: Mapping[str, str]
    source: str
    text: str
    when_claimed: Mapping[str, str] = field(default_factory=dict)
    not_tested: str = ""
    stated_as: str = ""


@dataclass(frozen=True)
class Reading:
    """A defect of the guide and how it is read here, with the reason; shown in reports.

    Where an invariant says other than its text, `constraint` is its key, `published` its expression and `means` that of
    its text: what satisfies only one of the two is a warning. Where a search parameter cannot work as it is published,
    `search_parameter` is its URL and `searched_as` the type that it is searched as.
    """

    id: str
    defect: str
    reading: str
    reason: str
    source: str = ""
    constraint: str = ""
    published: str = ""
    means: str = ""
    search_parameter: str = ""
    searched_as: str = ""


@dataclass(frozen=True)
class Statement:
    """What a CapabilityStatement of the guide asks of an actor, flattened. Only `items` is compared and tested.

    Each item is (about, expectation), expectation SHALL, SHOULD, MAY or "" where the guide gives none.
    """

    url: str
    actor: str
    fhir_version: str
    items: tuple[tuple[Mapping[str, str], str], ...] = field(default_factory=tuple)
