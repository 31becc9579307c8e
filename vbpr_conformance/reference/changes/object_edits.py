"""Edits of one JSON object by name: what actions of several points have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Object = dict[str, Any]
Edit = Callable[[Object], Object]
_LABELS = ("code", "name", "type", "relation")
"""The members by which an item of a list is named."""


def edit_of(actions: Mapping[str, Any], *more: Mapping[str, Callable[[Any], Edit]]) -> Edit:
    """Chain the edits that the actions name; raises `ValueError` for an action that is not known."""
    known = {name: make for each in (OBJECT_EDITS, *more) for name, make in each.items()}
    edits = [action(known, name)(argument) for name, argument in actions.items()]

    def edit(value: Object) -> Object:
        for each in edits:
            value = each(value)
        return value

    return edit


def action(known: Mapping[str, Any], name: str) -> Any:
    """Find an action by its name; raises `ValueError` with the names of those that are known."""
    if name not in known:
        raise ValueError(f"there is no action {name} here: {', '.join(known)} are known")
    return known[name]


def as_list(value: Any) -> list[Any]:
    """Give one or several arguments as a list."""
    return value if isinstance(value, list) else [value]


def without(value: Mapping[str, Any], *names: str) -> Object:
    """Give an object without some of its members."""
    return {name: each for name, each in value.items() if name not in names}


def _drop_members(names: Any) -> Edit:
    return lambda value: without(value, *as_list(names))


def _set_members(members: Object) -> Edit:
    return lambda value: value | members


def _is_called(item: Any, names: list[Any]) -> bool:
    """Whether an item of a list is one of these, or is named by one of them."""
    return item in names or (isinstance(item, dict) and any(item.get(label) in names for label in _LABELS))


def _items(lists: Mapping[str, Any], *, kept: bool) -> Edit:
    def edit(value: Object) -> Object:
        shorter = {
            name: [each for each in value[name] if _is_called(each, as_list(names)) is kept]
            for name, names in lists.items()
            if name in value
        }
        return {name: each for name, each in (value | shorter).items() if each != []}

    return edit


def _drop_last(name: str) -> Edit:
    return lambda value: value | {name: value[name][:-1]}


def _set_in_items(lists: Mapping[str, Object]) -> Edit:
    return lambda value: value | {name: [each | new for each in value[name]] for name, new in lists.items()}


def _in_items(lists: Mapping[str, Mapping[str, Any]]) -> Edit:
    """Edit each item of these lists."""
    edits = {name: edit_of(actions) for name, actions in lists.items()}
    return lambda value: value | {name: [edit(each) for each in value[name]] for name, edit in edits.items()}


def _in_member(members: Mapping[str, Mapping[str, Any]]) -> Edit:
    """Edit what stands under these names, where they are there."""
    edits = {name: edit_of(actions) for name, actions in members.items()}
    return lambda value: value | {name: edit(value[name]) for name, edit in edits.items() if name in value}


OBJECT_EDITS: Mapping[str, Callable[[Any], Edit]] = {
    "drop-members": _drop_members,
    "set-members": _set_members,
    "drop-items": lambda lists: _items(lists, kept=False),
    "keep-items": lambda lists: _items(lists, kept=True),
    "drop-last": _drop_last,
    "set-in-items": _set_in_items,
    "in-items": _in_items,
    "in-member": _in_member,
}
"""Edits of any object. Items of lists are named by their code, name, type or relation, or are their own name."""
