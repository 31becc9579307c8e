"""The disk cache of editions: right or not used at all."""

from __future__ import annotations

import os
import pickle
from functools import cache as memo

import pytest

from vbpr_conformance.ig import cache, loader
from vbpr_conformance.ig.folders import cache_folder
from vbpr_conformance.ig.loader import load_edition

KEY = cache.key_of("a", "b")


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "cache"
    cache.store(made, "x.pickle", KEY, {"kept": 1})
    return made


def test_what_was_stored_comes_back(folder):
    """The same key gives the same value; nobody else may read it."""
    assert cache.load(folder, "x.pickle", KEY) == {"kept": 1}
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "x.pickle").stat().st_mode & 0o077 == 0
    assert [each.name for each in folder.iterdir()] == ["x.pickle"]


def test_another_key_finds_nothing(folder):
    """What was made from something else is not used."""
    assert cache.load(folder, "x.pickle", cache.key_of("ab")) is None
    assert cache.key_of("ab") != cache.key_of("a", "b")


@pytest.mark.parametrize(
    "spoil", [lambda data: data[:-1], lambda data: data[:-1] + b"?", lambda _: b"", lambda _: b"x" * 200]
)
def test_a_spoiled_file_is_as_good_as_none(folder, spoil):
    """A file cut short, changed, empty or foreign is not unpacked."""
    file = folder / "x.pickle"
    file.write_bytes(spoil(file.read_bytes()))
    assert cache.load(folder, "x.pickle", KEY) is None


@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_others_may_write_to_is_not_trusted(folder, what):
    """A pickle runs what it says: it must be this user's alone."""
    (folder if what == "folder" else folder / "x.pickle").chmod(0o777)
    assert cache.load(folder, "x.pickle", KEY) is None


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="the system has no owners of files")
def test_what_belongs_to_another_user_is_not_trusted(folder, monkeypatch):
    """A file of somebody else is not unpacked, and nothing is written into their folder."""
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    assert cache.load(folder, "x.pickle", KEY) is None
    cache.store(folder, "y.pickle", KEY, 1)
    assert not (folder / "y.pickle").exists()


def test_a_link_is_not_followed(folder, tmp_path):
    """A link in the folder may point at anything."""
    (tmp_path / "elsewhere").write_bytes((folder / "x.pickle").read_bytes())
    (folder / "y.pickle").symlink_to(tmp_path / "elsewhere")
    assert cache.load(folder, "y.pickle", KEY) is None


def test_a_place_that_cannot_be_written_to_is_no_trouble(tmp_path):
    """Without a cache everything still works."""
    (tmp_path / "file").write_text("")
    cache.store(tmp_path / "file" / "below", "x.pickle", KEY, 1)
    assert cache.load(tmp_path / "file" / "below", "x.pickle", KEY) is None


def test_the_place_is_chosen_by_the_environment(tmp_path, monkeypatch):
    """VBPR_CACHE_DIR names the folder."""
    monkeypatch.setenv("VBPR_CACHE_DIR", str(tmp_path / "here"))
    assert cache_folder() == tmp_path / "here"


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """An empty cache, and no edition in memory."""
    monkeypatch.setenv("VBPR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(loader, "_load", memo(loader._load.__wrapped__))  # that of the other tests stays as it is


@pytest.mark.usefixtures("fresh")
def test_an_edition_from_the_cache_is_the_same(monkeypatch):
    """Everything an edition gives is equal, made anew or taken from disk; the second time nothing is read."""
    version = loader.editions()[-1]
    made = load_edition(version)
    loader._load.cache_clear()
    monkeypatch.setattr(loader, "read_edition", lambda _: pytest.fail("the cache was not used"))
    stored = load_edition(version)
    assert stored is not made
    assert stored.profiles == made.profiles
    assert stored.profile("MeasureReport") == made.profile("MeasureReport")
    assert stored.search_parameters("MeasureReport") == made.search_parameters("MeasureReport")
    for attribute in ("version", "own", "requirements", "readings", "statements"):
        assert getattr(stored, attribute) == getattr(made, attribute)
    for held in made.definitions.of_type("ValueSet"):
        assert stored.value_set(held.canonical) == made.value_set(held.canonical)
        assert stored.find(held.canonical) == held.resource


@pytest.mark.usefixtures("fresh")
def test_a_changed_source_makes_the_edition_anew(monkeypatch):
    """An edition is taken from disk only while nothing of what it was made from has changed."""
    version = loader.editions()[-1]
    load_edition(version)
    loader._load.cache_clear()
    real = loader._stamp
    monkeypatch.setattr(loader, "_stamp", lambda file: real(file) + ("!" if file.name == "edition.yaml" else ""))
    read = []
    monkeypatch.setattr(
        loader, "read_edition", lambda folder, real=loader.read_edition: read.append(folder) or real(folder)
    )
    load_edition(version)
    assert [each.name for each in read] == [version]


def test_an_edition_travels_between_processes(edition):
    """A pickled edition works as before, what was made of it included."""
    copy = pickle.loads(pickle.dumps(edition))  # noqa: S301 - our own bytes
    assert copy.profiles == edition.profiles
    assert copy.structure.is_resource("MeasureReport")


def test_a_user_without_a_home_has_a_cache_beside_the_temporary_files(monkeypatch, tmp_path):
    """A container may run under a number that no list of users holds."""

    def no_home():
        raise RuntimeError("Could not determine home directory.")

    for name in ("VBPR_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("vbpr_conformance.ig.folders.Path.home", no_home)
    monkeypatch.setattr("vbpr_conformance.ig.folders.tempfile.tempdir", str(tmp_path))
    assert cache_folder().parent == tmp_path
