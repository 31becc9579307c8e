"""The catalogue of faults: each breaks one rule, so that a check which cannot see it is found out."""

from vbpr_conformance.reference.faults.catalogue import catalogue, find_fault
from vbpr_conformance.reference.faults.fault import Fault

__all__ = ["Fault", "catalogue", "find_fault"]
