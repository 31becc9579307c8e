"""Which interaction a method and a path mean.

https://hl7.org/fhir/R4/http.html#summary
"""

from __future__ import annotations

from collections.abc import Mapping

from vbpr_conformance.reference import conditional, crud, history, searching, transactions
from vbpr_conformance.reference.capabilities import capabilities
from vbpr_conformance.reference.http_messages import Request
from vbpr_conformance.reference.pages import PAGE
from vbpr_conformance.reference.problems import ProblemError
from vbpr_conformance.reference.server import Handler
from vbpr_conformance.reference.validate_operation import validate

Methods = Mapping[str, tuple[str, Handler]]

_BASE: Methods = {"GET": ("search-system", searching.search_system), "POST": ("transaction", transactions.bundle)}
_METADATA: Methods = {"GET": ("capabilities", capabilities)}
_SYSTEM_HISTORY: Methods = {"GET": ("history-system", history.history_system)}
_SEARCH_BY_POST: Methods = {"POST": ("search-type", searching.search_post)}
_TYPE: Methods = {
    "GET": ("search-type", searching.search_type),
    "POST": ("create", crud.create),
    "PUT": ("conditional-update", conditional.update),
    "PATCH": ("conditional-patch", conditional.patch),
    "DELETE": ("conditional-delete", conditional.delete),
}
_TYPE_HISTORY: Methods = {"GET": ("history-type", history.history_type)}
_INSTANCE: Methods = {
    "GET": ("read", crud.read),
    "PUT": ("update", crud.update),
    "PATCH": ("patch", crud.patch),
    "DELETE": ("delete", crud.delete),
}
_INSTANCE_HISTORY: Methods = {"GET": ("history-instance", history.history_instance)}
_VERSION: Methods = {"GET": ("vread", crud.vread)}
_VALIDATE: Methods = {"POST": ("operation", validate)}


def route(request: Request) -> Handler:
    """Find the handler of a request and name its interaction; 404 for no such place, 405 for no such method there."""
    methods = _place(request)
    method = "GET" if request.method == "HEAD" else request.method
    if method not in methods:
        allowed = ", ".join(methods)
        raise ProblemError(405, f"{request.method} is not possible here: {allowed} is", headers={"Allow": allowed})
    request.interaction, handler = methods[method]
    if request.interaction == "create" and request.header("if-none-exist"):
        request.interaction = "conditional-create"
        return conditional.create
    if request.interaction == "search-system" and any(name == PAGE for name, _ in request.query):
        request.interaction = "page"
        return searching.later_page
    return handler


_PLACES: Mapping[tuple[str, ...], Methods] = {
    (): _BASE,
    ("metadata",): _METADATA,
    ("_history",): _SYSTEM_HISTORY,
    ("_search",): _SEARCH_BY_POST,
    ("*",): _TYPE,
    ("*", "_search"): _SEARCH_BY_POST,
    ("*", "_history"): _TYPE_HISTORY,
    ("*", "$validate"): _VALIDATE,
    ("*", "*"): _INSTANCE,
    ("*", "*", "_history"): _INSTANCE_HISTORY,
    ("*", "*", "_history", "*"): _VERSION,
}


def _place(request: Request) -> Methods:
    """Find what is at a path: names that FHIR gives stand for themselves, types, ids and versions for `*`."""
    shape = tuple(each if each.startswith(("_", "$")) else "*" for each in request.steps)
    methods = _PLACES.get(request.steps if request.steps == ("metadata",) else shape)
    if methods is None:
        raise ProblemError(404, f"there is nothing at /{'/'.join(request.steps)}")
    return methods
