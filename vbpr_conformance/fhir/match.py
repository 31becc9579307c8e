"""The three answers to whether something is found."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Match(Enum):
    """Whether a resource meets a search criterion; `UNDECIDED` where R4 leaves it to the server."""

    YES = "yes"
    NO = "no"
    UNDECIDED = "undecided"

    def __bool__(self) -> bool:
        """Refuse to be read as a condition: three answers do not fit into two."""
        raise TypeError("a Match has three values: compare it with Match.YES or Match.NO")

    @classmethod
    def of(cls, answer: bool) -> Match:  # noqa: FBT001 - a conversion
        """Give YES for True and NO for False."""
        return cls.YES if answer else cls.NO

    @property
    def opposite(self) -> Match:
        """The answer to the negated question."""
        return {Match.YES: Match.NO, Match.NO: Match.YES}.get(self, self)


def any_of(answers: Iterable[Match]) -> Match:
    """Give YES if one answer is, else UNDECIDED if one is, else NO."""
    found = Match.NO
    for answer in answers:
        if answer is Match.YES:
            return answer
        if answer is Match.UNDECIDED:
            found = answer
    return found


def all_of(answers: Iterable[Match]) -> Match:
    """Give NO if one answer is, else UNDECIDED if one is, else YES."""
    return any_of(answer.opposite for answer in answers).opposite
