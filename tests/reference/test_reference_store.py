"""The store: what was acknowledged is kept, whatever happens to the process."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from small_resources import organization

from vbpr_conformance.errors import UsageError
from vbpr_conformance.reference.store import Store


def test_a_file_is_read_again(serve, tmp_path):
    """Resources, versions, deletions and searches are the same after the file was closed and opened."""
    store = Store(tmp_path / "data.db")
    client = serve(store=store)
    client.put(organization(id="a", name="Old"))
    client.put(organization(id="a", name="New"))
    client.put(organization(id="b"))
    client("DELETE", "Organization/b")
    store.close()
    again = serve(store=Store(tmp_path / "data.db"))
    assert again.get("Organization/a").json["name"] == "New"
    assert again.get("Organization/a/_history/1").json["name"] == "Old"
    assert again.get("Organization/b").status == 410
    assert again.search("name=new", "Organization").ids == ["a"]


def test_another_edition_indexes_anew(serve, tmp_path):
    """A file that was indexed in another way is indexed anew when it is opened."""
    store = Store(tmp_path / "data.db")
    serve(store=store).put(organization(id="a", name="Name"))
    store.set_setting("index", "of another edition")
    store.select("DELETE FROM search_value", [])
    assert serve(store=store).search("name=name", "Organization").ids == ["a"]


def test_files_that_are_none(tmp_path):
    """A file of something else, one in use, and a folder that is not there are refused in one sentence."""
    text = tmp_path / "notes.txt"
    text.write_text("these are notes, long enough to be seen as no database at all " * 20)
    with pytest.raises(UsageError, match=r"cannot keep data in .*notes\.txt: it is a file of something else"):
        Store(text)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE mine (a)")
    db.close()
    with pytest.raises(UsageError, match="database of something else"):
        Store(other)
    with pytest.raises(UsageError, match="cannot keep data in"):
        Store(tmp_path / "none" / "data.db")
    store = Store(tmp_path / "data.db")
    with pytest.raises(UsageError, match="another server is using it"):
        Store(tmp_path / "data.db")
    store.close()


def test_kill_loses_nothing_acknowledged():
    """After kills at random moments of writing everything is as the clients were told, and no transaction in part."""
    script = Path(__file__).parents[2] / "benchmarks" / "kills.py"
    done = subprocess.run([sys.executable, script, "3"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"3 kills, [1-9]\d* resources acknowledged, 0 lost", done.stdout)
