"""How long all YAML of the project takes: our reader, and that of ruamel.yaml as a multiple of it.

    pip install ruamel.yaml && python benchmarks/yaml_readers.py

With `ruamel.yaml.clib` beside it, ruamel.yaml uses its C parser, which reads YAML 1.1 and refuses some of the files.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from vbpr_conformance.fhir import yaml12

ROOT = Path(__file__).parents[1]
ROUNDS = 3


def best(read: Callable[[str], object], texts: list[str]) -> float:
    """The seconds for all texts, the best of some rounds."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for text in texts:
            read(text)
        rounds.append(time.process_time() - start)
    return min(rounds)


def main() -> None:
    """Print a line for each reader."""
    from ruamel.yaml import YAML, YAMLError  # noqa: PLC0415 - wanted by this comparison alone

    files = [*ROOT.glob("suites/**/*.yaml"), *ROOT.glob("vbpr_conformance/fhir/r4/**/*.yaml")]
    texts = [file.read_text(encoding="utf-8") for file in files]
    ours = best(lambda text: yaml12.load(text, "benchmark"), texts)
    print(f"ours: {ours * 1000:.0f} ms for {len(texts)} files")
    for name, options in {"C": {"typ": "safe"}, "Python": {"typ": "safe", "pure": True}}.items():
        try:
            theirs = best(lambda text, options=options: YAML(**options).load(text), texts)  # type: ignore[misc]
        except YAMLError as error:
            print(f"ruamel.yaml ({name}): refused: {str(error).splitlines()[-2].strip()}")
            continue
        print(f"ruamel.yaml ({name}): {theirs / ours:.1f} times")


if __name__ == "__main__":
    main()
