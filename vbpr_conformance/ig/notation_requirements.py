"""What a guide asks of its actors, and how its defects are read: `requirements.yaml` and `readings.yaml` of an edition.

No rule is written twice: what a capability statement or a profile says already becomes requirements by rules, and only
what stands in the guide's prose is listed. A rule's sentences hold `{names}` that each requirement fills in.

    statements:       a requirement for each interaction, search parameter, … of a capability statement
    must-support:     a requirement for each must-support element of some profiles
    requirements:     all others, each by its id
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vbpr_conformance.fhir.yaml12 import YamlDict, load_file
from vbpr_conformance.ig.edition import Edition
from vbpr_conformance.ig.model import Profile, Reading, Requirement
from vbpr_conformance.ig.notation import GUIDE_HEADER, read_header
from vbpr_conformance.ig.notation_names import Guide, SourceLocation, mapping, needed, only, text, texts

_EXPECTATIONS = ("SHALL", "SHOULD", "MAY")
_OF_STATEMENT = ("actor", "page", "ids", "unstated", "short", "includes", "says", "not-tested")
_OF_MUST_SUPPORT = ("actor", "profiles", "ids", "short", "expectation", "says", "when-claimed", "not-tested")
_OF_REQUIREMENT = ("actor", "expectation", "about", "page", "says", "when-claimed", "not-tested")
_SAID = ("defect", "reading", "reason")
_OF_READING = (*_SAID, "page", "constraint", "means", "search-parameter", "searched-as")


def read_requirements(folder: Path, edition: Edition) -> tuple[Requirement, ...]:
    """The requirements of the edition in a folder, in the order they are written; no two have the same id."""
    found: dict[str, Requirement] = {}
    for body, place, base in _files(folder, "requirements.yaml"):
        only(body, ("statements", "must-support", "requirements"), place, "a file of requirements")
        for made, at in _all(body, place, base, edition):
            if made.id in found:
                raise at.wrong(f"the requirement {made.id} stands twice", "expected ids that tell all apart")
            found[made.id] = made
    return tuple(found.values())


def read_readings(folder: Path, edition: Edition) -> tuple[Reading, ...]:
    """How the defects of the guide are read in the edition in a folder."""
    found: dict[str, Reading] = {}
    for body, place, base in _files(folder, "readings.yaml"):
        for name, value in body.items():
            here = place.of(body, name)
            what = f"the reading {name}"
            reading = mapping(value, here, what)
            only(reading, _OF_READING, here, what)
            texts = {key: text(needed(reading, key, here, what), here, f"`{key}`") for key in _SAID}
            source = _link(base, text(reading.get("page", ""), here, "`page`"))
            constraint = text(reading.get("constraint", ""), here, "`constraint`")
            published = _published(constraint, edition, here) if constraint else ""
            means = text(needed(reading, "means", here, what), here, "`means`") if constraint else ""
            found[name] = Reading(
                name,
                **texts,
                **_searched(reading, edition, here, what),
                source=source,
                constraint=constraint,
                published=published,
                means=means,
            )
    return tuple(found.values())


def _searched(reading: YamlDict, edition: Edition, place: SourceLocation, what: str) -> dict[str, str]:
    """The search parameter of which a reading speaks, and the type that it is searched as."""
    name = text(reading.get("search-parameter", ""), place, "`search-parameter`")
    if not name:
        return {}
    url = f"{edition.own}/SearchParameter/{name}"
    if edition.definitions.find(url, "SearchParameter") is None:
        raise place.wrong(f"the guide has no search parameter {name!r}", "expected the id of one")
    searched_as = text(needed(reading, "searched-as", place, what), place, "`searched-as`")
    return {"search_parameter": url, "searched_as": searched_as}


def _published(key: str, edition: Edition, place: SourceLocation) -> str:
    """The expression of an invariant as the guide's profiles have it."""
    for profile in edition.profiles:
        for element in profile.elements:
            for constraint in element.constraints:
                if constraint.key == key:
                    return constraint.expression
    raise place.wrong(f"no profile has the invariant {key!r}", "expected one of the guide's profiles")


def _files(folder: Path, name: str) -> Iterator[tuple[YamlDict, SourceLocation, str]]:
    """Give each file of that name in the layers that belong to the edition's own guide, and the guide's page."""
    header = read_header(folder)
    for layer in header.layers:
        file = layer / name
        if file.is_file() and not (layer / GUIDE_HEADER).is_file():
            source = f"{layer.name}/{name}"
            place = SourceLocation(
                Guide(header.guide.canonical, header.guide.version, header.guide.fhir_version), source
            )
            yield mapping(load_file(file, source), place, "the file"), place, header.page


def _all(
    body: YamlDict, place: SourceLocation, base: str, edition: Edition
) -> Iterator[tuple[Requirement, SourceLocation]]:
    for section, read in (("statements", _of_statement), ("must-support", _of_profiles), ("requirements", _listed)):
        rules = mapping(body.get(section), place, f"`{section}`")
        for name, value in rules.items():
            here = place.of(rules, name)
            for made in read(name, mapping(value, here, name), here, base, edition):
                yield made, here


def _listed(name: str, body: YamlDict, place: SourceLocation, base: str, _edition: Edition) -> Iterator[Requirement]:
    what = f"the requirement {name}"
    only(body, _OF_REQUIREMENT, place, what)
    about = mapping(needed(body, "about", place, what), place, "`about`")
    yield Requirement(
        id=name,
        actor=text(needed(body, "actor", place, what), place, "`actor`"),
        expectation=_expectation(body.get("expectation"), place),
        about=_texts_by_name(about, place),
        source=_link(base, text(needed(body, "page", place, what), place, "`page`")),
        text=text(needed(body, "says", place, what), place, "`says`"),
        when_claimed=_texts_by_name(mapping(body.get("when-claimed"), place, "`when-claimed`"), place),
        not_tested=text(body.get("not-tested", ""), place, "`not-tested`"),
    )


def _of_profiles(
    name: str, body: YamlDict, place: SourceLocation, base: str, edition: Edition
) -> Iterator[Requirement]:
    """A requirement for each must-support element of the profiles."""
    what = f"the rule {name}"
    only(body, _OF_MUST_SUPPORT, place, what)
    short = mapping(body.get("short"), place, "`short`")
    not_tested = mapping(body.get("not-tested"), place, "`not-tested`")
    for profile_name in texts(needed(body, "profiles", place, what), place, "`profiles`"):
        profile = edition.find_profile(profile_name)
        if profile is None:
            raise place.wrong(f"the profile {profile_name!r} is not known", "expected one of the edition")
        for element in profile.must_support:
            path = element.id.partition(".")[2]
            yield Requirement(
                id=f"{body.get('ids', '')}{short.get(profile_name, profile_name)}-{_slug(path)}",
                actor=text(needed(body, "actor", place, what), place, "`actor`"),
                expectation=_expectation(body.get("expectation"), place),
                about={"profile": profile.id, "element": element.id},
                source=_page(profile, base, edition),
                text=str(needed(body, "says", place, what)).format(element=path, profile=profile.id, type=profile.type),
                when_claimed=_texts_by_name(mapping(body.get("when-claimed"), place, "`when-claimed`"), place),
                not_tested=str(not_tested.get(path, "")),
            )


def _page(profile: Profile, base: str, edition: Edition) -> str:
    """The page of a profile: in the guide, or for one that the guide takes from another guide under its own URL."""
    own = any(each.url == profile.url for each in edition.profiles)
    return _link(base, f"StructureDefinition-{profile.id}.html") if own else profile.url.replace("http:", "https:", 1)


def _slug(path: str) -> str:
    """Give an element's path as part of an id: slices by their name, choices without `[x]`."""
    steps = path.replace("[x]", "").split(".")
    return ".".join(re.sub(r"^(modifierE|e)xtension:", "", step).replace(":", ".") for step in steps)


def _of_statement(
    name: str, body: YamlDict, place: SourceLocation, base: str, edition: Edition
) -> Iterator[Requirement]:
    """A requirement for each item of a capability statement."""
    what = f"the rule {name}"
    only(body, _OF_STATEMENT, place, what)
    statement = next((each for each in edition.statements if each.url.rpartition("/")[2] == name), None)
    if statement is None:
        raise place.wrong(f"the statement {name!r} is not known", "expected one of the edition")
    says = mapping(needed(body, "says", place, what), place, "`says`")
    not_tested = mapping(body.get("not-tested"), place, "`not-tested`")
    resources = {about["resource"]: expected for about, expected in statement.items if list(about) == ["resource"]}
    for stated, expectation in statement.items:
        item = _item(stated, body, edition)
        if item is None:
            continue
        kind, tail, about, values = item
        of = stated.get("resource", "")
        if kind not in says:
            raise place.of(body, "says").wrong(f"nothing is said for {kind!r}", "expected a sentence for it")
        made_id = f"{body.get('ids', '')}{tail}"
        yield Requirement(
            id=made_id,
            actor=text(needed(body, "actor", place, what), place, "`actor`"),
            expectation=_expectation(expectation or body.get("unstated"), place),
            about=about,
            source=_link(base, text(needed(body, "page", place, what), place, "`page`")),
            text=str(says[kind]).format(type=of, **values),
            when_claimed={"resource": of} if resources.get(of) == "MAY" else {},
            not_tested=str(not_tested.get(made_id, "")),
            stated_as=values.get("stated", ""),
        )


Item = tuple[str, str, Mapping[str, str], Mapping[str, str]]


def _item(stated: Mapping[str, str], body: YamlDict, edition: Edition) -> Item | None:
    """Give an item of a statement as kind, end of the id, what it is about, and values for its sentence."""
    of = stated.get("resource")
    lead = mapping(body.get("short"), SourceLocation(Guide("", "", ""), ""), "`short`").get(of, of) if of else "system"
    about = {"resource": of} if of else {}
    if "interaction" in stated:
        code = stated["interaction"]
        return code, f"{lead}-{code}", about | {"interaction": code}, {}
    if "search" in stated:
        definition = edition.find(stated.get("definition", ""), "SearchParameter") or {"code": stated["search"]}
        code = definition["code"]
        named = stated["search"] if stated["search"] != code else ""
        return "search", f"{lead}-search-{code}", about | {"search": code}, {"search": code, "stated": named}
    if "include" in stated:
        read = mapping(body.get("includes"), SourceLocation(Guide("", "", ""), ""), "`includes`").get(stated["include"])
        include = str(read or stated["include"])
        tail = include.rpartition(":")[2]
        values = {"include": include, "stated": stated["include"] if read else ""}
        return "include", f"{lead}-include-{tail}", about | {"include": include}, values
    if "conditional" in stated:
        what = stated["conditional"]
        return f"conditional-{what}", f"{lead}-conditional-{what}", about | {"conditional": what}, {}
    return _other_item(stated, str(lead))


def _other_item(stated: Mapping[str, str], lead: str) -> Item | None:
    if "reference-policy" in stated:
        policy = stated["reference-policy"]
        return f"references-{policy}", f"{lead}-references-{policy}", {"topic": "references"}, {}
    if "format" in stated:
        return "format", f"format-{stated['format']}", {"format": stated["format"]}, {"format": stated["format"]}
    if "patch-format" in stated:
        mime = stated["patch-format"]
        return "patch-format", f"patch-{_subtype(mime)}", {"topic": "patch"}, {"format": mime}
    profile = stated.get("supported-profile", stated.get("profile"))
    if profile is not None:
        name = profile.rpartition("/")[2]
        return "profile", f"profile-{name}", {"profile": name}, {"profile": name}
    return None


def _subtype(mime: str) -> str:
    return mime.rpartition("/")[2].partition("+")[0]


def _expectation(value: Any, place: SourceLocation) -> str:
    if value not in _EXPECTATIONS:
        raise place.wrong(f"{value!r} is no expectation", f"expected one of {', '.join(_EXPECTATIONS)}")
    return str(value)


def _texts_by_name(value: YamlDict, place: SourceLocation) -> dict[str, str]:
    return {key: text(each, place.of(value, key), f"`{key}`") for key, each in value.items()}


def _link(base: str, page: str) -> str:
    return page if not page or "://" in page else f"{base}/{page}"
