"""What a client does wrongly, one thing each; `turns` are the cases that it must turn red."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class ClientFault:
    """One fault; every method gives back what it is given unless the fault changes it."""

    name: str = ""
    says: str = ""
    turns: tuple[str, ...] = ()
    tries: int = 0
    waits: bool = True
    endless: bool = False
    modes: frozenset = frozenset()
    changes: dict = field(default_factory=dict)

    def _changed(self, what, value, *more):
        change = self.changes.get(what)
        return change(value, *more) if change else value

    def request(self, client, request):
        return self._changed("request", request, client)

    def answer(self, client, resource):
        return self._changed("answer", resource, client)

    def next_page(self, client, url):
        return self._changed("next", url, client)

    def parameters(self, client, parameters):
        return self._changed("parameters", parameters, client)

    def reference(self, client, url):
        return self._changed("reference", url, client)

    def body(self, client, resource):
        return self._changed("body", resource, client)

    def write_headers(self, headers):
        return self._changed("headers", headers)

    def show(self, client, resource):
        return self._changed("show", resource, client)

    def written(self, text):
        return self._changed("text", text)

    def after(self, client):
        return self._changed("after", None, client)

    def shows_mode(self, mode):
        return mode in self.modes


NO_FAULT = ClientFault()


def find_client_fault(name):
    """Find a fault by its name."""
    return next(each for each in CLIENT_FAULTS if each.name == name)


CLIENT_FAULTS = []
