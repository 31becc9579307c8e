"""Where an element stands: what decides whether an extension may be used there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

_MOST_PATHS = 24


@dataclass(frozen=True)
class ElementPlace:
    """A place in a resource, by all paths that lead to it.

    `paths` are the element paths from each type passed on the way (`MeasureReport.period.start`, `Period.start`);
    `types` the type of what stands there with its ancestors; `chain` the types passed, which ends the paths where
    types contain themselves; `extension` the URL of the extension it stands directly in.
    """

    paths: frozenset[str]
    types: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    extension: str | None = None

    @classmethod
    def root(cls, types: tuple[str, ...]) -> ElementPlace:
        """The place of a resource itself."""
        return cls(frozenset(types[:1]), types, types[:1])

    def child(self, name: str, types: tuple[str, ...]) -> ElementPlace:
        """The place of an element below, of the type `types[0]`."""
        kind = types[0] if types else ""
        own = kind in _IN_PLACE or not kind
        paths = {f"{path}.{name}" for path in self.paths}
        if self.types and self.types[0] not in _IN_PLACE:
            paths |= {f"{each}.{name}" for each in self.types}  # those of the ancestors too: `Resource.meta`
        if name.endswith("[x]"):
            plain = name[:-3]
            paths |= {path[:-3] for path in paths} | {path[:-3] + kind[:1].upper() + kind[1:] for path in paths}
            paths |= {f"{self.types[0]}.{plain}"} if self.types else set()
        if not own and (kind in self.chain or len(paths) > _MOST_PATHS):
            return ElementPlace(frozenset({kind}), types, (kind,))
        return ElementPlace(frozenset(paths), types, self.chain if own else (*self.chain, kind))

    def also(self, path: str) -> ElementPlace:
        """The place of an element that is defined by reference to another: it has that one's path, too."""
        deepest = path.count(".") + 1  # where the reference leads to itself, paths come to an end
        return replace(self, paths=frozenset({path, *(each for each in self.paths if each.count(".") <= deepest)}))

    def within(self, url: str | None) -> ElementPlace:
        """The same place, inside the extension of that URL."""
        return replace(self, extension=url)

    def allows(self, contexts: Iterable[tuple[str, str]]) -> bool | None:
        """Whether an extension with these contexts may be used here; None if a context cannot be judged here."""
        contexts = tuple(contexts)
        unknown = not contexts
        for kind, expression in contexts:
            if kind == "element":
                if self._is(expression.rpartition("#")[2]):
                    return True
            elif kind == "extension":
                if self.extension is not None and expression.partition("#")[0].partition("|")[0] == self.extension:
                    return True
            else:
                unknown = True
        return None if unknown else False

    def _is(self, expression: str) -> bool:
        if expression == "Element" or expression in self.paths:
            return True
        return expression in self.types


_IN_PLACE = frozenset({"BackboneElement", "Element"})
"""Types whose elements are defined where they are used: paths go on through them."""
