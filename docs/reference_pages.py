"""A hook of MkDocs: what is made from the program itself when the site is built. Nothing of it is committed."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from vbpr_conformance import cli
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.loader import editions, load_edition
from vbpr_conformance.suite.coverage import all_cases

sys.path.insert(0, str(Path(__file__).parent))  # MkDocs loads a hook by its path

from real_run import RealRun, real_run

PICTURE = "images/report.png"
COMMANDS = (
    *("run", "observe", "validate", "generate", "serve", "requirements", "report", "compare", "merge", "cleanup"),
    *("selftest", "verify", "schema", "ig diff"),
)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages of the reference."""
    pages = {
        "reference/commands.md": commands(),
        "reference/suite-language.md": words("Suite language", json.loads(output("schema", "suite"))),
        "reference/target-file.md": words("Target file", json.loads(output("schema", "target"))),
        "reference/requirements.md": "# Requirements\n\n"
        + "\n\n".join(
            f"## Edition {version}\n\n{output('requirements', '--edition', version, '--format', 'md')}"
            for version in reversed(editions())
        ),
    }
    for path, content in pages.items():
        files.append(File.generated(config, path, content=content))
    picture = _run().picture
    if picture is not None:
        files.append(File.generated(config, PICTURE, content=picture))
    return files


@cache
def _run() -> RealRun:
    return real_run()


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:  # noqa: ARG001  as MkDocs calls it
    """Fill in what the editions say."""
    markdown = markdown.replace("<!-- printed -->", f"```text\n{_run().printed}```")
    if _run().picture is None:
        markdown = re.sub(rf"!\[.*\]\({PICTURE}\)\n", "", markdown)
    for mark, fill in (("<!-- readings -->", readings), ("<!-- not-tested -->", not_tested)):
        if mark in markdown:
            made = "\n\n".join(
                f"### Edition {version}\n\n" + "\n".join(fill(load_edition(version)))
                for version in reversed(editions())
            )
            markdown = markdown.replace(mark, made)
    return markdown


def commands() -> str:
    """Give the help of every command."""
    shown = (f"## {name}\n\n```text\n{output(*name.split(), '--help')}```\n" for name in COMMANDS)
    return "# Commands\n\n" + "\n".join(shown)


def output(*words: str) -> str:
    """Give what a command prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        cli.main([*words])
    return out.getvalue()


def readings(edition: Edition) -> Iterator[str]:
    """Give the readings of an edition, each as what is wrong, how it is read and why."""
    for each in edition.readings:
        yield f"- **{each.id}**: {_plain(each.defect)} *Reading:* {_plain(each.reading)} *Why:* {_plain(each.reason)}"


def not_tested(edition: Edition) -> Iterator[str]:
    """Give the requirements that no run can tell, and what was not expanded, by reason."""
    yield from (f"- `{each.id}`: {_plain(each.not_tested)}" for each in edition.requirements if each.not_tested)
    reasons: dict[str, list[str]] = {}
    for each in all_cases(edition)[1]:
        reasons.setdefault(each.reason, []).append(f"`{each.case}` {each.what}")
    for reason, names in reasons.items():
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""  # noqa: PLR2004  enough to know what is meant
        yield f"- {_plain(reason)}: {_plain(', '.join(names[:3]))}{more}"


def words(title: str, schema: dict[str, Any]) -> str:
    """Give a JSON Schema as tables: a heading for each object, a row for each of its fields."""
    lines = [f"# {title}", ""]
    for name, found in [("The file", schema), *schema.get("$defs", {}).items()]:
        if "properties" not in found:
            continue
        lines += [f"## {name}", "", _plain(found.get("description", "")), ""]
        lines += ["| word | takes | what it is |", "| --- | --- | --- |"]
        needed = found.get("required", ())
        for field, said in found["properties"].items():
            mark = " (needed)" if field in needed else ""
            lines.append(f"| `{field}`{mark} | {_type(said)} | {_plain(said.get('description', ''))} |")
        lines.append("")
    return "\n".join(lines)


def _type(said: dict[str, Any]) -> str:
    if "$ref" in said:
        name = said["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in said:
        return f"`{json.dumps(said['const'])}`"
    if "enum" in said:
        return ", ".join(f"`{each}`" for each in said["enum"])
    for several in ("anyOf", "oneOf"):
        if several in said:
            return " or ".join(dict.fromkeys(_type(each) for each in said[several] if each.get("type") != "null"))
    kind = said.get("type", "anything")
    if kind == "array":
        return f"list of {_type(said.get('items', {}))}"
    if kind == "object" and isinstance(said.get("additionalProperties"), dict):
        return f"names, each with {_type(said['additionalProperties'])}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _plain(text: str) -> str:
    """Keep a text from being read as a table, a tag or several lines."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
