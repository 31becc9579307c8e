"""Edits of resources, by paths such as `group/0/code`."""

from __future__ import annotations

import copy

VBPR = "http://hl7.org/fhir/us/davinci-vbpr/StructureDefinition/"
R4 = "http://hl7.org/fhir/StructureDefinition/"
DEQM = "http://hl7.org/fhir/us/davinci-deqm/StructureDefinition/"
GONE = object()


def at(resource, path):
    """Give the object or array that holds the last step of a path, and that step."""
    steps = [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in steps[:-1]:
        resource = resource[step]
    return resource, steps[-1]


def put(resource, path, value):
    """Set, append (a step `+`) or remove (the value GONE) what stands at a path."""
    owner, step = at(resource, path)
    if value is GONE:
        del owner[step]
    elif step == "+":
        owner.append(value)
    else:
        owner[step] = copy.deepcopy(value)


def ext(name, **value):
    return {"url": name if ":" in name else VBPR + name, **value}


def complex_ext(name, *inner):
    return {"url": VBPR + name, "extension": list(inner)}


def coded(system, code, **more):
    return {"coding": [{"system": system, "code": code, **more}]}
