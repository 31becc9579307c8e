"""How often a server is asked: as often as the user allows, and no more often than the server says.

https://www.rfc-editor.org/rfc/rfc6585#section-4 (429), https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
(Retry-After) and https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ (RateLimit, in its newer and
older spellings).
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from vbpr_conformance.rest.exchange import Exchange

MAX_WAIT_S = 60.0
"""How long a request waits in all for a server that asks to wait."""
_PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""The pauses where a server says that it is asked too often, and not how long to wait."""
_FIRST_PAUSE_S = 0.1
_SLACK = 1.05
_IN_A_ROW = 3
"""After so many waits, each before an answer that again says that no request is left, only a 429 is waited for."""
_FEW = 10
"""A pace learned from fewer requests than that is a guess: it is quickened again while nothing is refused."""
_TOO_MANY, _UNAVAILABLE = 429, 503
_SECONDS_SINCE_1970 = 1e9
_REPEATABLE = frozenset({"GET", "HEAD"})


class Pace:
    """The moments at which requests may be sent; `rate` is in requests a second, None for what the server allows."""

    def __init__(self, rate: float | None = None) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._fixed = self._interval
        self._next = 0.0
        self._sent = 0
        self._since = time.monotonic()
        self._unrefused = 0
        self._is_guess = False
        self._gave_up = False
        self._patience = MAX_WAIT_S
        self._refused_after = 0
        self._spent_after = 0
        self._spent_in_a_row = 0
        self.waited = 0.0
        """The seconds waited because the server asked for it."""

    def wait_turn(self) -> None:
        """Wait until the next request may be sent."""
        left = self._next - time.monotonic()
        if left > 0:
            time.sleep(left)
        self._next = max(self._next, time.monotonic()) + self._interval if self._interval else 0.0
        self._sent += 1

    def pause(self, exchange: Exchange, attempt: int, waited: float) -> float | None:
        """Give the seconds after which to send a request again, None where its answer stands.

        What a server that was unavailable made of a writing request is not known, so that is not repeated.
        """
        value = exchange.headers.get("Retry-After", "").strip()
        unavailable = exchange.status == _UNAVAILABLE and bool(value) and exchange.method in _REPEATABLE
        if exchange.status != _TOO_MANY and not unavailable:
            self._was_let_in(exchange)
            self._patience = MAX_WAIT_S if waited else self._patience
            return None
        promised = promised_wait(exchange.headers)
        if promised is None and not value:
            promised = _PAUSES_S[attempt] if attempt < len(_PAUSES_S) else None
        if promised is not None:
            promised = max(promised, _FIRST_PAUSE_S * 2.0**attempt)  # "again in 0 s" for ever is no wish to be asked so
        if promised is None or waited + promised > self._patience or self._gave_up:
            self._gave_up = True  # and no later request waits, until one is let in
            if waited:  # in vain, so it is no matter of pace: what is refused for ever is waited for ever shorter
                self._patience /= 8
                self._interval = self._fixed
            return None
        if exchange.status == _TOO_MANY:
            self._slow_down(exchange, promised)
        self.waited += promised
        return promised

    @property
    def note(self) -> str:
        """What there is to say of the server's limits, empty where it showed none."""
        shown = []
        if self._refused_after:
            shown.append(f"429 after {self._refused_after} requests")
        if self._spent_after:
            shown.append(f"its headers said after request {self._spent_after} that none was left")
        if not shown:
            return ""
        rate = f", then sent at most {1 / self._interval:.3g} requests a second" if self._interval else ""
        return f"the server limits how often it is asked ({'; '.join(shown)}): waited {self.waited:.0f} s{rate}"

    def _was_let_in(self, exchange: Exchange) -> None:
        self._gave_up = False
        self._unrefused += 1
        if self._is_guess and self._unrefused % _FEW == 0:
            self._interval = max(self._interval / 2, self._fixed)
        if not _is_spent(exchange.headers):
            self._spent_in_a_row = 0
            return
        promised = promised_wait(exchange.headers)
        if promised is None or promised > MAX_WAIT_S or self._spent_in_a_row >= _IN_A_ROW:
            return
        self._spent_in_a_row += 1
        self._spent_after = self._spent_after or self._sent
        self._next = max(self._next, time.monotonic() + promised)
        self.waited += promised

    def _slow_down(self, exchange: Exchange, promised: float) -> None:
        """Learn from a refusal how many requests fit into which time."""
        allowed = max(self._sent - 1, 1)
        took = time.monotonic() - self._since + promised
        policy = _policy(exchange.headers)
        self._refused_after = self._refused_after or self._sent
        self._is_guess = policy is None and allowed < _FEW
        self._interval = max((policy if policy is not None else took / allowed) * _SLACK, self._fixed)
        self._sent, self._since, self._unrefused = 0, time.monotonic() + promised, 0
        self._next = 0.0


def promised_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds after which a server says to ask again; None where it does not say."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value) or 0.1
    if value:
        try:
            return max(0.1, parsedate_to_datetime(value).timestamp() - time.time())
        except (ValueError, TypeError, OverflowError):
            return None
    resets = [each["t"] for each in _limits(headers) if "t" in each]
    spent = [each["t"] for each in _limits(headers) if "t" in each and each.get("r") == 0]
    for name in ("RateLimit-Reset", "X-RateLimit-Reset", "X-Rate-Limit-Reset"):
        reset = _number(headers.get(name, ""))
        if reset is not None and not resets:
            resets = [reset - time.time() if reset > _SECONDS_SINCE_1970 else reset]
    found = spent or resets
    return max(0.1, *found) if found else None


def _limits(headers: Mapping[str, str]) -> list[dict[str, float]]:
    """The policies in RateLimit: `r` left of them, `t` seconds until there are more."""
    text = headers.get("RateLimit", "")
    if "reset=" in text:  # older drafts: one policy, words in full
        words = {name: _number(value) for name, value in re.findall(r"(remaining|reset)\s*=\s*([\d.]+)", text)}
        return [{short: value for short, long in _SHORT.items() if (value := words.get(long)) is not None}]
    return [
        {name: float(value) for name, value in re.findall(r";\s*([rt])\s*=\s*(\d+(?:\.\d+)?)", policy)}
        for policy in text.split(",")
        if policy.strip()
    ]


_SHORT = {"r": "remaining", "t": "reset"}


def _is_spent(headers: Mapping[str, str]) -> bool:
    if "RateLimit" in headers:
        return any(each.get("r") == 0 and "t" in each for each in _limits(headers))
    return _number(headers.get("RateLimit-Remaining", headers.get("X-RateLimit-Remaining", ""))) == 0


def _policy(headers: Mapping[str, str]) -> float | None:
    """The seconds between requests that RateLimit-Policy asks for: `"a";q=100;w=60` or `100;w=60`."""
    found = []
    for policy in headers.get("RateLimit-Policy", "").split(","):
        quota = re.search(r"(?:q\s*=|^\s*)\s*(\d+)", policy)
        window = re.search(r"w\s*=\s*(\d+)", policy)
        if quota and window and int(quota[1]):
            found.append(int(window[1]) / int(quota[1]))
    return max(found) if found else None


def _number(text: str) -> float | None:
    match = re.match(r"\s*(\d{1,12}(?:\.\d{1,6})?)", text)
    return float(match[1]) if match else None
