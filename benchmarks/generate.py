"""How fast payloads are generated, against parsing the same payloads with `json.loads` in the same run.

The ratios hold on any machine; the rates tell about this one.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from vbpr_conformance.fhir.json_codec import dumps
from vbpr_conformance.generate.builder import raw, sample
from vbpr_conformance.generate.drawn_choices import Choices
from vbpr_conformance.generate.faulty import sample_faulty
from vbpr_conformance.generate.strategies import conformant
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.loader import load_edition
from vbpr_conformance.ig.model import Profile

COUNT = 500
WARM = 30
"""So many are made before, so that what is compiled once, at the first of a kind, is not counted for each."""


def seconds(work: Callable[[], Any]) -> float:
    """The time of one piece of work."""
    start = time.process_time()
    work()
    return time.process_time() - start


def drawn(profile: Profile, edition: Edition, count: int = COUNT) -> Callable[[], None]:
    """A Hypothesis test that does nothing but draw."""
    quiet = settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    return quiet(given(conformant(profile, edition=edition))(lambda _: None))


def warm(profile: Profile, edition: Edition) -> None:
    """Let everything be compiled."""
    for seed in range(WARM):
        sample(profile, edition, random.Random(-1 - seed))
        sample_faulty(profile, edition, random.Random(-1 - seed))
    drawn(profile, edition, WARM)()


def main() -> None:
    """Print one line for each way of each profile."""
    edition = load_edition("1.1.0")
    for profile in edition.profiles:
        made = [raw(profile, edition, Choices(random.Random(seed))) for seed in range(COUNT)]
        texts = [dumps(each) for each in made]
        size = sum(map(len, texts)) / COUNT
        parse = seconds(lambda texts=texts: [json.loads(text) for text in texts])
        ways: dict[str, Callable[[], Any]] = {
            "built": lambda profile=profile: [
                raw(profile, edition, Choices(random.Random(seed))) for seed in range(COUNT)
            ],
            "built and proved": lambda profile=profile: [
                sample(profile, edition, random.Random(seed)) for seed in range(COUNT)
            ],
            "hypothesis": drawn(profile, edition),
            "faulty": lambda profile=profile: [
                sample_faulty(profile, edition, random.Random(seed)) for seed in range(COUNT)
            ],
        }
        warm(profile, edition)
        print(f"{profile.id}: {size / 1000:.1f} kB on average")
        for name, work in ways.items():
            spent = seconds(work)
            rate = COUNT / spent
            print(f"  {name:<17}{spent / parse:7.1f} x json.loads {rate:8.0f}/s {rate * size / 9000:8.0f}/s for 9 kB")


if __name__ == "__main__":
    main()
