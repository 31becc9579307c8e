"""Actions on Bundles: on their members and links, on each entry, and on the matches that make them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vbpr_conformance.reference.behaviour import Resource
from vbpr_conformance.reference.changes.object_edits import Edit, Object, action, as_list, edit_of, without
from vbpr_conformance.reference.http_messages import Pairs


def bundle_point(given: Mapping[str, Any]) -> Callable[[str, Resource], Resource]:
    """Edit searchsets, or the types of Bundle that `of` names."""
    types = as_list(given.get("of", "searchset"))
    edits = [_BASED_EDITS.get(name) or _baseless(name, argument) for name, argument in without(given, "of").items()]

    def bundle(base: str, result: Resource) -> Resource:
        if result["type"] in types:
            for each in edits:
                result = each(base, result)
        return result

    return bundle


def _baseless(name: str, argument: Any) -> Callable[[str, Resource], Resource]:
    edit = edit_of({name: argument}, BUNDLE_EDITS)
    return lambda _, bundle: edit(bundle)


def entry_point(given: Mapping[str, Any]) -> Callable[[str, Resource], Resource]:
    """Edit each entry of searchsets."""
    edit = edit_of(given, _ENTRY_EDITS)

    def bundle(_: str, result: Resource) -> Resource:
        if result["type"] != "searchset" or "entry" not in result:
            return result
        return result | {"entry": [edit(each) for each in result["entry"]]}

    return bundle


def found_point(given: Mapping[str, Any]) -> Callable[[str, Pairs, list[int]], list[int]]:
    """Lose or repeat some of all matches of a search."""
    (name,) = given
    change = action(SHORTER, name)

    def found(_type: str, _query: Pairs, seqs: list[int]) -> list[int]:
        kept: list[int] = change(seqs)
        return kept

    return found


def page_point(given: Mapping[str, Any]) -> Callable[[int, list[int]], list[int]]:
    """Lose or repeat some of the matches of each page."""
    (name,) = given
    change = action(SHORTER, name)

    def page(_start: int, seqs: list[int]) -> list[int]:
        kept: list[int] = change(seqs)
        return kept

    return page


SHORTER: Mapping[str, Callable[[list[int]], list[int]]] = {
    "none": lambda _: [],
    "only-first": lambda seqs: seqs[:1],
    "all-but-last": lambda seqs: seqs[:-1],
    "all-but-last-of-several": lambda seqs: seqs[:-1] if len(seqs) > 1 else seqs,
    "first-twice": lambda seqs: seqs[:1] + seqs,
}
"""What becomes of a list of matches, oldest first."""


def with_entries(bundle: Resource, entries: list[Any]) -> Resource:
    """Give a Bundle with other entries, and a total that fits them if it had one."""
    total = {"total": len(entries)} if "total" in bundle else {}
    return without(bundle, "entry") | total | ({"entry": entries} if entries else {})


def _entries(change: Callable[[list[Any]], list[Any]]) -> Callable[[Any], Edit]:
    return lambda _: lambda bundle: with_entries(bundle, change(bundle.get("entry", [])))


def _drop_link(relation: str) -> Edit:
    return lambda bundle: bundle | {"link": [each for each in bundle["link"] if each["relation"] != relation]}


def _next_is_self(bundle: Resource) -> Resource:
    """Let the last of several pages link to itself."""
    links = {each["relation"]: each["url"] for each in bundle["link"]}
    if "previous" in links and "next" not in links:
        return bundle | {"link": [*bundle["link"], {"relation": "next", "url": links["self"]}]}
    return bundle


def _one_include(bundle: Resource) -> Resource:
    entries = bundle.get("entry", [])
    more = [each for each in entries if each["search"]["mode"] == "include"][1:]
    return bundle | ({"entry": [each for each in entries if each not in more]} if more else {})


def _up_to_first_error(entries: list[Object]) -> list[Object]:
    kept: list[Object] = []
    for entry in entries:
        kept.append(entry)
        if not entry["response"]["status"].startswith("2"):
            break
    return kept


def _mode(entry: Object) -> str:
    return str(entry.get("search", {}).get("mode", "match"))


def _without_mode(mode: str) -> Callable[[list[Object]], list[Object]]:
    return lambda entries: [each for each in entries if _mode(each) != mode]


def _repeat_includes(bundle: Resource) -> Resource:
    entries = bundle.get("entry", [])
    return (
        bundle | {"entry": [*entries, *(each for each in entries if _mode(each) == "include")]} if entries else bundle
    )


def _no_next_with_includes(bundle: Resource) -> Resource:
    included = any(_mode(each) == "include" for each in bundle.get("entry", ()))
    return _drop_link("next")(bundle) if included else bundle


def _add_outcome(said: Mapping[str, str]) -> Edit:
    issue = {"severity": said["severity"], "code": "processing", "diagnostics": "searched"}
    outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
    entry = {"resource": outcome, "search": {"mode": said["mode"]}}
    return lambda bundle: bundle | {"entry": [*bundle.get("entry", ()), entry]}


def _each_entry(change: Callable[[Object], Object]) -> Edit:
    return lambda bundle: bundle | ({"entry": [change(each) for each in bundle["entry"]]} if "entry" in bundle else {})


def _drop_in_responses(name: str) -> Edit:
    return _each_entry(lambda entry: entry | {"response": without(entry["response"], name)})


def _set_in_responses(members: Object) -> Edit:
    return _each_entry(lambda entry: entry | {"response": entry["response"] | members})


def _fill_deletions(entry: Object) -> Object:
    if entry.get("request", {}).get("method") != "DELETE":
        return entry
    kind, _, identity = str(entry["request"]["url"]).partition("/")
    return entry | {"resource": {"resourceType": kind, "id": identity}}


def _type_of(entry: Object) -> str:
    """Give the type of resource that an entry of a history is about."""
    return str(entry["request"]["url"]).partition("/")[0]


def _newest_everywhere(bundle: Resource) -> Resource:
    """Show the content of the newest version in every entry."""
    entries = bundle.get("entry", [])
    newest = next((each["resource"] for each in entries if "resource" in each), None)
    return bundle | {"entry": [each | ({"resource": newest} if "resource" in each else {}) for each in entries]}


def _newest_of_each(entries: list[Object]) -> list[Object]:
    """Leave out of a history, whose newest entries come first, all older versions."""
    newest = {entry.get("fullUrl"): entry for entry in reversed(entries)}
    return [entry for entry in entries if newest[entry.get("fullUrl")] is entry]


def _without_tags(entry: Object) -> Object:
    resource = entry.get("resource", {})
    return entry | {"resource": resource | {"meta": without(resource["meta"], "tag")}} if "meta" in resource else entry


BUNDLE_EDITS: Mapping[str, Callable[[Any], Edit]] = {
    "drop-first-entry": _entries(lambda entries: entries[1:]),
    "drop-last-entry": _entries(lambda entries: entries[:-1]),
    "reverse-entries": _entries(lambda entries: entries[::-1]),
    "entries-up-to-first-error": _entries(_up_to_first_error),
    "add-to-total": lambda more: lambda bundle: bundle | {"total": bundle["total"] + more},
    "drop-link": _drop_link,
    "next-is-self": lambda _: _next_is_self,
    "only-one-include": lambda _: _one_include,
    "repeat-includes": lambda _: _repeat_includes,
    "drop-includes": _entries(_without_mode("include")),
    "drop-outcomes": _entries(_without_mode("outcome")),
    "no-next-with-includes": lambda _: _no_next_with_includes,
    "add-outcome": _add_outcome,
    "total-of-entries": lambda _: lambda bundle: bundle | {"total": len(bundle.get("entry", ()))},
    "drop-entries-of": lambda method: (
        lambda bundle: with_entries(
            bundle, [each for each in bundle.get("entry", ()) if each["request"]["method"] != method]
        )
    ),
    "keep-entries-of-type": lambda kind: _entries(lambda entries: [each for each in entries if _type_of(each) == kind])(
        None
    ),
    "drop-in-entries": lambda name: _each_entry(lambda entry: without(entry, name)),
    "drop-in-responses": _drop_in_responses,
    "set-in-responses": _set_in_responses,
    "empty-list": lambda _: lambda bundle: bundle | {"entry": bundle.get("entry", [])},
    "newest-content-everywhere": lambda _: _newest_everywhere,
    "newest-of-each": _entries(_newest_of_each),
    "fill-deletions": lambda _: _each_entry(_fill_deletions),
    "drop-tags": lambda _: _each_entry(_without_tags),
}


def _relative_links(base: str, bundle: Resource) -> Resource:
    host = base.rpartition("/")[0]
    return bundle | {"link": [each | {"url": each["url"].removeprefix(host)} for each in bundle["link"]]}


def _more_entries(base: str, bundle: Resource) -> Resource:
    """Add an include and an outcome."""
    issue = {"severity": "information", "code": "informational", "diagnostics": "searched"}
    outcome = {"resource": {"resourceType": "OperationOutcome", "issue": [issue]}, "search": {"mode": "outcome"}}
    group = {"resourceType": "Group", "id": "not-asked-for", "type": "practitioner", "actual": True}
    include = {"fullUrl": f"{base}/Group/not-asked-for", "resource": group, "search": {"mode": "include"}}
    return bundle | {"entry": [*bundle.get("entry", ()), include, outcome]}


_BASED_EDITS: Mapping[str, Callable[[str, Resource], Resource]] = {
    "relative-links": _relative_links,
    "more-entries": _more_entries,
}
"""Edits that need the server's base URL; they take no argument."""


def _if_full_url(change: Callable[[str], str]) -> Callable[[Any], Edit]:
    return lambda _: lambda entry: entry | ({"fullUrl": change(entry["fullUrl"])} if "fullUrl" in entry else {})


def _is_backbone(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) and "code" in each for each in value)


def _without_backbone(entry: Object) -> Object:
    resource = {name: each for name, each in entry["resource"].items() if not _is_backbone(each)}
    return entry | {"resource": resource}


def _without_extensions(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_extensions(each) for each in value]
    if isinstance(value, dict):
        return {name: _without_extensions(each) for name, each in value.items() if name != "extension"}
    return value


_ENTRY_EDITS: Mapping[str, Callable[[Any], Edit]] = {
    "full-url-of-another-id": _if_full_url(lambda url: f"{url}0"),
    "versioned-full-url": _if_full_url(lambda url: f"{url}/_history/1"),
    "relative-full-url": _if_full_url(lambda url: "/".join(url.split("/")[-2:])),
    "set-mode": lambda mode: lambda entry: entry | ({"search": {"mode": mode}} if "search" in entry else {}),
    "drop-inner-elements": lambda _: _without_backbone,
    "drop-extensions": lambda _: _without_extensions,
}
