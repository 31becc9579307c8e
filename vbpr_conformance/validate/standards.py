"""Codes of standards outside FHIR, from libraries that follow them; what no library here knows is not checked."""

from __future__ import annotations

from functools import lru_cache

CURRENCIES = "urn:iso:std:iso:4217"
LANGUAGES = "urn:ietf:bcp:47"


@lru_cache(maxsize=1024)
def is_known(system: str, code: str) -> bool | None:
    """Whether the standard has the code; None where it is not known here."""
    if system == CURRENCIES:
        import pycountry  # noqa: PLC0415  its tables are read only where a currency is checked

        return pycountry.currencies.get(alpha_3=code) is not None and code.isupper()
    if system == LANGUAGES:
        import langcodes  # noqa: PLC0415  the same for languages

        return "_" not in code and bool(langcodes.tag_is_valid(code))  # langcodes takes `_` for `-`, BCP 47 does not
    return None
