"""What an expression speaks of is read off its tree."""

from __future__ import annotations

import pytest

from vbpr_conformance.fhir.fhirpath.expression_paths import extension_url, names, operands, step_texts, steps
from vbpr_conformance.fhir.fhirpath.parser import parse


def test_steps_of_a_path():
    """Functions are steps like names; parentheses around a path mean nothing."""
    assert len(steps(parse("(a.b).where(c = 'x.y').d"))) == 4
    assert names(parse("(group.population).code")) == ("group", "population", "code")
    assert names(parse("group.first().code")) is None


def test_operands_of_a_chain():
    """A chain of one operator is flat, however it was put in parentheses; another operator ends it."""
    assert [names(each) for each in operands(parse("(a | b) | c.d"), "|")] == [("a",), ("b",), ("c", "d")]
    assert len(operands(parse("a or b and c"), "or")) == 2


@pytest.mark.parametrize(
    ("expression", "url"),
    [
        ("extension('http://x/y')", "http://x/y"),
        ("extension.where(url = 'http://x/y')", "http://x/y"),
        ("extension.where((url='http://x/y'))", "http://x/y"),
        ("extension(%url)", None),
        ("modifierExtension.where(url = 'http://x/y')", None),
        ("extension", None),
    ],
)
def test_url_of_an_extension(expression, url):
    """The two ways in which expressions name an extension."""
    assert extension_url(parse(expression)) == url


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        ("$this", ("$this",)),
        ("code.coding", ("code", "coding")),
        ("$this.resolve()", ("$this", "resolve()")),
        ("value.ofType(Reference).reference", ("value", "ofType(Reference)", "reference")),
        ("extension('http://x/y.z').value", ("extension('http://x/y.z')", "value")),
        ("a +", ()),
        ("a.first()", ()),
        ("a = b", ()),
    ],
)
def test_steps_of_a_discriminator(path, texts):
    """The restricted FHIRPath of discriminators; what is none of it has no steps."""
    assert step_texts(path) == texts
