"""Which slice an item is in, how many a slice may have, and where its items may stand."""

from __future__ import annotations

import json

import pytest

from vbpr_conformance.validate.validator import Validator

BASE = "http://hl7.org/fhir/StructureDefinition/"
URL = "https://payer.example.org/StructureDefinition/sliced"


@pytest.fixture
def rules_of(edition, tmp_path):
    """Judge a report with identifiers of these systems by a profile that slices identifiers by system."""

    def judge(systems, slices, **slicing):
        told = [{"type": "value", "path": "system"}]
        path = "MeasureReport.identifier"
        elements = [{"id": "MeasureReport", "path": "MeasureReport"}]
        elements += [{"id": path, "path": path, "slicing": {"discriminator": told, "rules": "open", **slicing}}]
        for name, least, most in slices:
            own = {"sliceName": name, "min": least, "max": most}
            elements += [{"id": f"{path}:{name}", "path": path, **own}]
            fixed = {"min": 1, "fixedUri": f"urn:{name}"}
            elements += [{"id": f"{path}:{name}.system", "path": f"{path}.system", **fixed}]
        return judged(edition, tmp_path, elements, {"identifier": [{"system": f"urn:{each}"} for each in systems]})

    return judge


def judged(edition, folder, elements, more):
    """The errors of a report, each as its rule and where it was found."""
    definition = {"resourceType": "StructureDefinition", "url": URL, "name": "Sliced", "status": "draft"}
    definition |= {"kind": "resource", "abstract": False, "type": "MeasureReport", "derivation": "constraint"}
    definition |= {"baseDefinition": BASE + "MeasureReport", "differential": {"element": elements}}
    file = folder / "sliced.json"
    file.write_text(json.dumps(definition))
    report = {"resourceType": "MeasureReport", "status": "complete", "type": "summary", "period": {"start": "2024"}}
    report |= {"measure": "http://payer.example.org/Measure/m"} | {key: value for key, value in more.items() if value}
    issues = Validator(edition.with_packages([file])).issues(report, [URL])
    return sorted((each.rule, each.expression) for each in issues if each.is_error)


A = "MeasureReport.identifier:a"
B = "MeasureReport.identifier:b"
AT = "MeasureReport.identifier"


@pytest.mark.parametrize(
    ("systems", "bounds", "rules"),
    [
        ("a", (1, "1"), []),
        ("", (1, "1"), [f"min:{AT}", f"min:{A}"]),
        ("b", (1, "1"), [f"min:{A}"]),
        ("aa", (1, "1"), [f"max:{A}"]),
        ("aba", (0, "1"), [f"max:{A}"]),
        ("a", (2, "*"), [f"min:{AT}", f"min:{A}"]),
        ("aba", (2, "*"), []),
        ("aaa", (2, "3"), []),
        ("aaaa", (2, "3"), [f"max:{A}"]),
        ("a", (0, "0"), [f"max:{A}"]),
        ("b", (0, "0"), []),
        ("", (0, "*"), []),
    ],
)
def test_a_slice_has_as_many_items_as_it_says(rules_of, systems, bounds, rules):
    """Items of other slices, and of none, do not count."""
    assert [rule for rule, _ in rules_of(systems, [("a", *bounds)])] == rules


def test_each_slice_counts_its_own(rules_of):
    """Two slices, each with its own bounds."""
    both = [("a", 1, "1"), ("b", 2, "2")]
    assert rules_of("abb", both) == []
    assert [rule for rule, _ in rules_of("aab", both)] == [f"max:{A}", f"min:{B}"]
    assert [rule for rule, _ in rules_of("bbb", both)] == [f"max:{B}", f"min:{A}"]


@pytest.mark.parametrize(
    ("rules", "systems", "places"),
    [
        ("open", "xay", []),
        ("closed", "ab", []),
        ("closed", "axb", [1]),
        ("closed", "xay", [0, 2]),
        ("openAtEnd", "abx", []),
        ("openAtEnd", "axb", [2]),
        ("openAtEnd", "xxab", [2, 3]),
        ("openAtEnd", "x", []),
    ],
)
def test_items_in_no_slice(rules_of, rules, systems, places):
    """Open slicing takes them anywhere, openAtEnd behind the slices, closed slicing nowhere."""
    found = rules_of(systems, [("a", 0, "*"), ("b", 0, "*")], rules=rules)
    assert [where for _, where in found] == [f"{AT}[{place}]" for place in places]
    assert {rule for rule, _ in found} <= {f"slice:{AT}"}


@pytest.mark.parametrize(
    ("systems", "places"),
    [("aabbc", []), ("ac", []), ("axbxc", []), ("ba", [1]), ("abac", [2]), ("cba", [1, 2]), ("bca", [2])],
)
def test_ordered_slices(rules_of, systems, places):
    """The slices come in the order in which the profile defines them."""
    found = rules_of(systems, [(each, 0, "*") for each in "abc"], ordered=True)
    assert [where for _, where in found] == [f"{AT}[{place}]" for place in places]


def test_slices_need_no_order_where_none_is_asked(rules_of):
    """`ordered` is false unless it is said."""
    assert rules_of("cba", [(each, 0, "*") for each in "abc"]) == []


@pytest.mark.parametrize(
    ("path", "bounds", "count", "rules"),
    [
        ("MeasureReport.identifier", (1, "*"), 0, ["min"]),
        ("MeasureReport.identifier", (1, "*"), 1, []),
        ("MeasureReport.identifier", (2, "*"), 1, ["min"]),
        ("MeasureReport.identifier", (2, "*"), 2, []),
        ("MeasureReport.identifier", (0, "2"), 2, []),
        ("MeasureReport.identifier", (0, "2"), 3, ["max"]),
        ("MeasureReport.identifier", (0, "0"), 1, ["max"]),
        ("MeasureReport.identifier", (0, "1"), 1, []),
        ("MeasureReport.identifier", (0, "1"), 2, ["max"]),
        ("MeasureReport.date", (1, "1"), 0, ["min"]),
        ("MeasureReport.date", (1, "1"), 1, []),
        ("MeasureReport.date", (0, "0"), 1, ["max"]),
        ("MeasureReport.reporter", (1, "1"), 0, ["min"]),
        ("MeasureReport.reporter", (0, "0"), 1, ["max"]),
    ],
)
def test_cardinality(edition, tmp_path, path, bounds, count, rules):  # noqa: PLR0913, PLR0917 - fixtures and a row
    """An element occurs as often as the profile says: a list, a primitive, an object."""
    name = path.partition(".")[2]
    value = {"identifier": {"value": "v"}, "date": "2024-03-15", "reporter": {"display": "r"}}[name]
    content = [value] * count if name == "identifier" else value if count else None
    elements = [{"id": "MeasureReport", "path": "MeasureReport"}]
    elements += [{"id": path, "path": path, "min": bounds[0], "max": bounds[1]}]
    found = judged(edition, tmp_path, elements, {name: content})
    assert [rule for rule, _ in found] == [f"{rule}:{path}" for rule in rules]


def test_a_primitive_that_has_only_extensions_is_there(edition, tmp_path):
    """`min 1` is met by a value or by an extension in its place."""
    elements = [{"id": "MeasureReport", "path": "MeasureReport"}]
    elements += [{"id": "MeasureReport.date", "path": "MeasureReport.date", "min": 1, "max": "1"}]
    absent = {"url": BASE + "data-absent-reason", "valueCode": "unknown"}
    assert judged(edition, tmp_path, elements, {"_date": {"extension": [absent]}}) == []


def extension_slices(*slices, told_by="url"):
    """Give the elements of a profile with these slices (name, bounds) of extensions; urls are those of the names."""
    path = "MeasureReport.extension"
    slicing = {"discriminator": [{"type": "value", "path": told_by}], "rules": "open"}
    elements = [{"id": "MeasureReport", "path": "MeasureReport"}, {"id": path, "path": path, "slicing": slicing}]
    for name, least, most in slices:
        elements.append({"id": f"{path}:{name}", "path": path, "sliceName": name, "min": least, "max": most})
        url = {"id": f"{path}:{name}.url", "path": f"{path}.url", "fixedUri": f"urn:{name.partition('/')[0]}"}
        value = {"id": f"{path}:{name}.value[x]", "path": f"{path}.value[x]", "min": 1}
        value |= {"type": [{"code": "string"}]} | ({} if told_by == "url" else {"fixedString": name})
        elements += [url, value]
    return elements


EXTENSION = "MeasureReport.extension"


@pytest.mark.parametrize(
    ("urls", "rules"),
    [("a", []), ("", [f"min:{EXTENSION}", f"min:{EXTENSION}:a"]), ("aa", [f"max:{EXTENSION}:a"]), ("axb", [])],
)
def test_slices_of_extensions_have_bounds(edition, tmp_path, urls, rules):
    """They are told by their url."""
    elements = extension_slices(("a", 1, "1"), ("b", 0, "*"))
    more = {"extension": [{"url": f"urn:{each}", "valueString": "s"} for each in urls]}
    assert [rule for rule, _ in judged(edition, tmp_path, elements, more)] == rules


@pytest.mark.parametrize(("count", "rules"), [(1, []), (2, [f"max:{EXTENSION}:a/b"])])
def test_a_slice_within_a_slice_has_bounds_of_its_own(edition, tmp_path, count, rules):
    """Those of the outer slice leave it free, and the inner one is judged all the same."""
    elements = extension_slices(("a", 0, "*"), ("a/b", 0, "1"))
    elements[2]["slicing"] = elements[1]["slicing"]
    more = {"extension": [{"url": "urn:a", "valueString": "s"}] * count}
    assert [rule for rule, _ in judged(edition, tmp_path, elements, more)] == rules


def test_what_was_fine_of_the_same_urls_is_judged_again_where_more_than_the_url_tells(edition, tmp_path):
    """Two reports with extensions of the same urls: the values decide which slices they are in."""
    definition = {"resourceType": "StructureDefinition", "url": URL, "name": "Sliced", "status": "draft"}
    definition |= {"kind": "resource", "abstract": False, "type": "MeasureReport", "derivation": "constraint"}
    definition |= {"baseDefinition": BASE + "MeasureReport"}
    definition |= {"differential": {"element": extension_slices(("a", 0, "1"), told_by="value")}}
    (tmp_path / "sliced.json").write_text(json.dumps(definition))
    validator = Validator(edition.with_packages([tmp_path / "sliced.json"]))
    report = {"resourceType": "MeasureReport", "status": "complete", "type": "summary", "period": {"start": "2024"}}
    report |= {"measure": "http://payer.example.org/Measure/m"}
    found = [
        {
            each.rule
            for each in validator.issues(
                report | {"extension": [{"url": "urn:a", "valueString": value} for value in values]}, [URL]
            )
            if each.is_error
        }
        for values in ("ax", "aa")
    ]
    assert f"max:{EXTENSION}:a" not in found[0]
    assert f"max:{EXTENSION}:a" in found[1]


def test_a_slice_with_just_enough_is_not_blamed_for_another(rules_of):
    """Only the slice that lacks items is named."""
    assert [rule for rule, _ in rules_of("ab", [("a", 1, "*"), ("b", 2, "*")])] == [f"min:{AT}", f"min:{B}"]


def test_what_slices_ask_of_their_items_is_among_the_rules(edition, tmp_path):
    """The rules of a profile are named by slice."""
    elements = [{"id": "MeasureReport", "path": "MeasureReport"}]
    told = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}
    elements += [{"id": AT, "path": AT, "slicing": told}, {"id": A, "path": AT, "sliceName": "a"}]
    elements += [{"id": f"{A}.system", "path": f"{AT}.system", "min": 1, "fixedUri": "urn:a"}]
    judged(edition, tmp_path, elements, {})
    validator = Validator(edition.with_packages([tmp_path / "sliced.json"]))
    places = {each.place for each in validator.rules(validator.edition.profile(URL)) if each.kind == "fixed"}
    assert f"{A}.system" in places


def test_what_a_slice_demands_is_demanded_of_its_items(edition, tmp_path):
    """And of no other items."""
    elements = [{"id": "MeasureReport", "path": "MeasureReport"}]
    told = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}
    elements += [{"id": AT, "path": AT, "slicing": told}, {"id": A, "path": AT, "sliceName": "a"}]
    elements += [{"id": f"{A}.system", "path": f"{AT}.system", "min": 1, "fixedUri": "urn:a"}]
    elements += [{"id": f"{A}.value", "path": f"{AT}.value", "min": 1}]
    more = {"identifier": [{"system": "urn:a"}, {"system": "urn:b"}, {"system": "urn:a", "value": "v"}]}
    assert judged(edition, tmp_path, elements, more) == [(f"min:{A}.value", f"{AT}[0]")]


def test_every_item_that_is_wrong_is_told(edition, tmp_path):
    """Not only the first or the last."""
    elements = [{"id": "MeasureReport", "path": "MeasureReport"}]
    found = judged(edition, tmp_path, elements, {"identifier": [{"value": 5}, {"value": "v"}, {"value": 7}]})
    assert [where for _, where in found] == [f"{AT}[0].value", f"{AT}[2].value"]


def two_profiles(edition, folder, least, most):
    """A validator with two profiles that bound identifiers: `URL` by the first of each, `URL-2` by the second."""
    files = []
    for name, low, high in (("", least[0], most[0]), ("-2", least[1], most[1])):
        elements = [{"id": "MeasureReport", "path": "MeasureReport"}]
        elements += [{"id": AT, "path": AT, "min": low, "max": high}]
        definition = {"resourceType": "StructureDefinition", "url": URL + name, "name": "Bound", "status": "draft"}
        definition |= {"kind": "resource", "abstract": False, "type": "MeasureReport", "derivation": "constraint"}
        definition |= {"baseDefinition": BASE + "MeasureReport", "differential": {"element": elements}}
        files.append(folder / f"bound{name}.json")
        files[-1].write_text(json.dumps(definition))
    return Validator(edition.with_packages(files))


@pytest.mark.parametrize(
    ("least", "most", "count", "message"),
    [
        ((0, 0), ("*", "1"), 2, "identifier occurs 2 times, but may occur at most once."),
        ((0, 0), ("1", "*"), 2, "identifier occurs 2 times, but may occur at most once."),
        ((0, 0), ("3", "2"), 3, "identifier occurs 3 times, but may occur at most 2 times."),
        ((2, 0), ("*", "*"), 1, "identifier occurs once, but must occur at least 2 times."),
        ((1, 3), ("*", "*"), 2, "identifier occurs 2 times, but must occur at least 3 times."),
        ((0, 1), ("*", "*"), 0, "identifier is missing: it must occur at least once."),
        ((0, 0), ("*", "0"), 1, "identifier found, which may not occur here."),
    ],
)
def test_of_two_profiles_the_tighter_bound_holds(edition, tmp_path, least, most, count, message):  # noqa: PLR0913, PLR0917 - fixtures and a row
    """Whichever of them states it, and the message says it."""
    report = {"resourceType": "MeasureReport", "status": "complete", "type": "summary", "period": {"start": "2024"}}
    report |= {"measure": "http://payer.example.org/Measure/m"}
    report |= {"identifier": [{"value": str(each)} for each in range(count)]} if count else {}
    validator = two_profiles(edition, tmp_path, least, most)
    found = [each for each in validator.issues(report, [URL, f"{URL}-2"]) if each.is_error]
    assert message in [each.message for each in found]


def test_an_empty_array_is_wrong_where_nothing_must_be(edition):
    """What has no values is left out."""
    report = {"resourceType": "MeasureReport", "status": "complete", "type": "summary", "period": {"start": "2024"}}
    report |= {"measure": "http://payer.example.org/Measure/m", "identifier": []}
    issues = Validator(edition).issues(report, [BASE + "MeasureReport"])
    assert [each.message for each in issues if each.is_error] == [
        "An empty array found; what has no values is left out."
    ]
