"""One validator serves any number of threads: what eight find is what one finds."""

from __future__ import annotations

import random
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from vbpr_conformance.fhir import json_codec
from vbpr_conformance.generate.builder import sample
from vbpr_conformance.ig.loader import editions_folder, load_edition, read_edition
from vbpr_conformance.validate.validator import Validator, validator_for

THREADS = 8
RESOURCES = 500


@pytest.fixture(scope="module")
def texts():
    """Resources that are all different, some of them with a fault: a name that is none, a code of another kind."""
    edition = load_edition("1.1.0")
    rng = random.Random(8)
    profiles = [each for each in edition.profiles if not each.abstract]
    found = []
    for number in range(RESOURCES):
        made = sample(profiles[number % len(profiles)], edition, rng)
        if number % 3 == 0:
            made[f"unknown{number}"] = "x"
        if number % 5 == 0:
            made["language"] = f"not a code {number}"
        found.append(json_codec.dumps(made))
    return found


@pytest.fixture
def switching_often():
    """Let threads be switched as often as possible."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("switching_often")
def test_eight_threads_find_what_one_finds(texts):
    """A fresh validator of a fresh edition, met by all threads at once, judges every resource as a lone one does."""
    alone = Validator(load_edition("1.1.0"))
    expected = [alone.issues_of(text) for text in texts]
    validator = Validator(read_edition(editions_folder() / "1.1.0"))

    def judged(start: int) -> dict[int, object]:
        order = [(start * RESOURCES // THREADS + each) % RESOURCES for each in range(RESOURCES)]
        return {each: validator.issues_of(texts[each]) for each in order}

    with ThreadPoolExecutor(THREADS) as pool:
        for found in pool.map(judged, range(THREADS)):
            assert [found[each] for each in range(RESOURCES)] == expected


def test_an_edition_owns_its_validator():
    """Asked again, an edition gives the same validator; with a package it is another edition and another validator."""
    edition = load_edition("1.1.0")
    assert validator_for(edition) is validator_for(edition)
    assert validator_for(edition.with_packages([])) is validator_for(edition)
