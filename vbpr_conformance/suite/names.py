"""The names that every `{{name.path}}` of a run can use."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vbpr_conformance.suite.seed_payloads import Tag


class LazyMapping(Mapping[str, Any]):
    """A mapping whose values are looked up when a suite asks for one; it tells nobody its keys."""

    def __init__(self, look_up: Callable[[str], Any]) -> None:
        self._look_up = look_up

    def __getitem__(self, name: str) -> Any:
        found = self._look_up(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class RunNames:
    """`run`, `targets`, `existing`, `login`, `server` and `unique`; the last is another for each purpose."""

    def __init__(self, run_id: str, tag: Tag, base_url: str, **lazy: Callable[[str], Any]) -> None:
        self._run_id = run_id
        self._always = {
            "run": {"id": run_id, "system": tag.system, "tag": tag.value, "token": tag.token},
            "server": {"base": base_url.rstrip("/")},
            **{name: LazyMapping(look_up) for name, look_up in lazy.items()},
        }

    def of(self, purpose: str) -> dict[str, Any]:
        """The names for a purpose, as a case and the number of its example."""
        identity = hashlib.sha256(f"{self._run_id} {purpose}".encode()).hexdigest()[:32]
        return {**self._always, "unique": {"value": f"{self._run_id}-{purpose}", "id": identity}}
