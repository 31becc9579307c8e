"""Matchers of what an answer says about the version that it holds or made: https://hl7.org/fhir/R4/http.html#versioning."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from vbpr_conformance.rest.located import located
from vbpr_conformance.suite.answer import Answer
from vbpr_conformance.suite.evidence import Evidence
from vbpr_conformance.suite.findings import Finding
from vbpr_conformance.suite.matchers.resource import fhirpath, same_as
from vbpr_conformance.suite.sentences import request_text
from vbpr_conformance.suite.untrusted import member, string


def versions_agree(value: Literal[True], answer: Answer, evidence: Evidence) -> None:  # noqa: ARG001  all matchers are called alike
    """ETag, Location and `meta` name one version, and Last-Modified is its time; what is not told is not compared.

    That the ETag is the version is a SHALL (https://hl7.org/fhir/R4/http.html#concurrency), the rest a SHOULD.
    """
    exchange = answer.exchange
    named = _named(answer)
    where = f"the answer to {request_text(exchange)}"
    if len(set(named.values())) > 1:
        text = ", ".join(f"{name} {version}" for name, version in named.items())
        raise Finding(f"{where} names several versions: {text}", (), [exchange])
    header, updated = exchange.headers.get("Last-Modified"), string(member(answer.resource, "meta"), "lastUpdated")
    if header and updated and not _same_second(header, updated):
        what = f"{where} says Last-Modified: {header}, and meta.lastUpdated {updated}"
        raise Finding(what, (), [exchange], should=True)


def _named(answer: Answer) -> dict[str, str]:
    """The version of the resource that an answer names, by where it stands."""
    headers = answer.exchange.headers
    told = {
        "ETag": headers.get("ETag", "").removeprefix("W/").strip('"'),
        "Location": located(headers.get("Location", "")).version or "",
        "meta.versionId": string(member(answer.resource, "meta"), "versionId"),
    }
    return {name: version for name, version in told.items() if version}


def version_of(value: str, answer: Answer, evidence: Evidence) -> None:
    """The resource has the version that an earlier answer named: that of what this answer made."""
    before, now = evidence.answers[value], set(_named(answer).values())
    wrong = [f"{name} {version}" for name, version in _named(before).items() if now and version not in now]
    if wrong:
        text = (
            f"the answer to {request_text(before.exchange)} names another version ({', '.join(wrong)}) than "
            f"{request_text(answer.exchange)} gives after it ({', '.join(sorted(now))})"
        )
        raise Finding(text, (), [before.exchange, answer.exchange])


def returns(value: str, answer: Answer, evidence: Evidence) -> None:
    """Where the answer to a write holds the resource, it is what is stored now."""
    resource = answer.resource
    if resource is not None and string(resource, "resourceType") != "OperationOutcome":
        same_as(value, answer, evidence)


def if_returned(value: Mapping[str, str], answer: Answer, evidence: Evidence) -> None:
    """Where the answer to a write holds the resource, every expression is true of it."""
    resource = answer.resource
    if resource is not None and string(resource, "resourceType") != "OperationOutcome":
        fhirpath(value, answer, evidence)


def _same_second(header: str, instant: str) -> bool:
    try:
        one, other = parsedate_to_datetime(header), datetime.fromisoformat(instant)
        return abs((one - other).total_seconds()) <= 1
    except (TypeError, ValueError):
        return False
