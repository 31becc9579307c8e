"""What is known of a client besides its requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vbpr_conformance.observe.observed_scenario import ObservedScenario


@dataclass
class ClientStory:
    """What is known of the client besides its requests, for one scenario.

    `outputs` are what it put out, each with a name; `answers` what was answered to questions by their id; `trouble`
    why it broke down (its program ended badly), empty if it did not; `choked` says that it did so on conformant
    answers, and not on plain ones. `code` is its exit code, None where nobody knows it, `errors` its standard error.
    `witnessed`: the tester named outputs, which may be those of other tasks too. `session` are all scenarios of the
    session: what a client can ask is proved in any of them. `kinds` are the elements that it shows in any of them:
    what it never shows it was not seen to drop; None where there is nothing to compare with.
    """

    outputs: Sequence[tuple[str, bytes]] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""
    choked: bool = False
    code: int | None = None
    errors: str = ""
    witnessed: bool = False
    session: Sequence[ObservedScenario] = ()
    smart: bool = False
    kinds: frozenset[str] | None = None
