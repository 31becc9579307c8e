"""Tokens by which a case shows itself otherwise than the run does: what must be refused, and what allows less.

What there is of them hangs on how the run logs in and on what the target file gives: a case whose token nobody has does
not apply.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from vbpr_conformance.client.client_errors import LoginError
from vbpr_conformance.suite.findings import NotTestedError

if TYPE_CHECKING:
    from vbpr_conformance.client.client import FhirClient
    from vbpr_conformance.client.oauth import TokenLogin
    from vbpr_conformance.client.redact import Secret

_READER = re.compile(r"reader-of-([A-Za-z]+)")


class OtherTokens:
    """What `{{login.…}}` gives in a suite.

    `expired` and `foreign` are tokens that the user gave: one that is over, one for another server. `own` is that of
    the run, where it lives for minutes: one that lives longer is put nowhere but into its header. `reader-of-Type` is
    one that the token endpoint gives for reading and searching a type alone.
    """

    def __init__(self, client: FhirClient, given: Mapping[str, Secret]) -> None:
        self._client = client
        self._given = given
        self._readers: dict[str, Secret] = {}

    def look_up(self, name: str) -> str | None:
        """Give a token, None for a name that stands for none; raises `NotTestedError` where nobody has it."""
        reader = _READER.fullmatch(name)
        if reader is not None:
            return self._reader(reader[1]).reveal()
        if name == "own":
            token = self._login().token
            if token is None:
                raise NotTestedError("the run has no token yet", applicable=False)
            return token.reveal()
        if name in {"expired", "foreign"}:
            if name not in self._given:
                what = "has expired" if name == "expired" else "is for another server"
                raise NotTestedError(
                    f"it needs a token that {what}: refused-tokens: {{{name}: …}} of the target file names one",
                    applicable=False,
                )
            return self._given[name].reveal()
        return None

    def _reader(self, kind: str) -> Secret:
        if kind not in self._readers:
            try:
                self._readers[kind] = self._client.log_in(self._login().narrowed(f"system/{kind}.rs").token_alone())
            except LoginError as error:
                raise NotTestedError(
                    f"it needs a token that only lets read {kind}, and none was given ({error})", applicable=False
                ) from error
        return self._readers[kind]

    def _login(self) -> TokenLogin:
        from vbpr_conformance.client.oauth import TokenLogin  # noqa: PLC0415  few runs log in so

        found = self._client.credentials
        found = getattr(found, "inner", None) or found
        if not isinstance(found, TokenLogin):
            raise NotTestedError("it needs a token endpoint, and the run logs in without one", applicable=False)
        return found
