"""How many small mistakes the unit tests of a module notice: a mutation run over what decides verdicts.

    pip install cosmic-ray && python benchmarks/mutation.py [--each 40] [--seed 0] [MODULE…]

Mutants are made by the operators of cosmic-ray that change what code decides, a sample of each module, and tried
against the unit tests of that module alone, each in a process of its own. Prints those that survive, then the share
that was killed. Mutants of annotations are left out: they change nothing.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import io
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

ROOT = Path(__file__).parents[1]
PACKAGE = "vbpr_conformance"
TESTS = {
    "suite/run_summary": "suite/test_run_summary.py",
    "suite/causes": "suite/test_causes.py suite/test_run_summary.py",
    "suite/circuit_breaker": "suite/test_giving_up.py",
    "suite/permitted_refusals": "suite/test_giving_up.py",
    "client/created": "client/test_created.py",
    "client/effects": "client/test_created.py",
    "client/redact": "client/test_redact.py",
    "fhir/dates": "fhir/test_dates.py",
    "fhir/search_match": "fhir/test_search.py",
    "validate/compile/slicing": "validate/test_slicing.py",
    "validate/compile/object_properties": "validate/test_slicing.py",
}
"""The modules by what stands for them: verdicts, register, redaction, dates, search matching, slicing, cardinality."""
OPERATORS = [
    *(f"ReplaceComparisonOperator_{a}_{b}" for a, b in (("Eq", "NotEq"), ("NotEq", "Eq"), ("Is", "IsNot"))),
    *(f"ReplaceComparisonOperator_{a}_{b}" for a, b in (("IsNot", "Is"), ("Lt", "LtE"), ("LtE", "Lt"))),
    *(f"ReplaceComparisonOperator_{a}_{b}" for a, b in (("Gt", "GtE"), ("GtE", "Gt"))),
    *(f"ReplaceBinaryOperator_{a}_{b}" for a, b in (("Add", "Sub"), ("Sub", "Add"), ("BitOr", "BitAnd"))),
    *("AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "NumberReplacer", "ZeroIterationForLoop"),
    "ReplaceUnaryOperator_Delete_Not",
]
PATIENCE_S = 120


def mutants(code: str) -> Iterator[str]:
    """All mutants of a module that are other code."""
    plain = _decisions(code)
    for name in OPERATORS:
        for occurrence in range(10_000):
            mutant = mutate_code(code, get_operator(f"core/{name}")(), occurrence)
            if mutant is None:
                break
            if _decisions(mutant) != plain:
                yield mutant


def _decisions(code: str) -> str:
    """What a module does, without annotations."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
            for each in ast.walk(node.args):
                if isinstance(each, ast.arg):
                    each.annotation = None
        if isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
    return ast.dump(tree)


def is_killed(copy: Path, tests: list[str]) -> bool:
    """Run tests on the copy of the package in a forked process; a run that does not end is a noticed mistake too."""
    pid = os.fork()
    if pid == 0:
        sys.path.insert(0, str(copy))
        with Path(os.devnull).open("w") as null, redirect_stdout(null), redirect_stderr(io.StringIO()):
            code = pytest.main(["-q", "-x", "-pno:cacheprovider", f"-c{ROOT / 'pyproject.toml'}", *tests])
        os._exit(int(code != 0))
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status) != 0
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return True


def tried(module: str, copy: Path, each: int, seed: int) -> tuple[int, int]:
    """Try a sample of the mutants of a module; give how many were tried and how many killed."""
    file = copy / PACKAGE / f"{module}.py"
    code = file.read_text(encoding="utf-8")
    tests = [str(ROOT / "tests" / name) for name in TESTS[module].split()]
    if is_killed(copy, tests):
        raise SystemExit(f"{module}: its tests fail without any mistake in it")
    found = list(mutants(code))
    sample = random.Random(seed).sample(found, min(each, len(found)))
    killed = 0
    for mutant in sample:
        file.write_text(mutant, encoding="utf-8")
        if is_killed(copy, tests):
            killed += 1
        else:
            changed = difflib.unified_diff(code.splitlines(), mutant.splitlines(), lineterm="", n=0)
            print(f"survived in {module}:", *list(changed)[2:], sep="\n    ", flush=True)
    file.write_text(code, encoding="utf-8")
    print(f"{module}: {killed} of {len(sample)} killed ({len(found)} mutants in all)", flush=True)
    return len(sample), killed


def main() -> None:
    """Print what survives, and the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", metavar="MODULE", nargs="*", default=list(TESTS))
    parser.add_argument("--each", type=int, default=40, help="how many mutants of a module are tried")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    sys.dont_write_bytecode = True  # a mutant is written as often as a clock ticks
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        shutil.copytree(ROOT / PACKAGE, copy / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "suites", copy / "suites")
        results = [tried(module, copy, options.each, options.seed) for module in options.modules]
    total, killed = (sum(each) for each in zip(*results, strict=True))
    print(f"{killed} of {total} killed: {killed / total:.0%}")


if __name__ == "__main__":
    main()
