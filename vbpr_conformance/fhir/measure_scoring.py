"""What a Measure's scoring asks of its groups (https://hl7.org/fhir/R4/measure.html#scoring)."""

from __future__ import annotations

SCORING_SYSTEM = "http://terminology.hl7.org/CodeSystem/measure-scoring"
POPULATION_SYSTEM = "http://terminology.hl7.org/CodeSystem/measure-population"

REQUIRED_POPULATIONS = {
    "proportion": ("initial-population", "denominator", "numerator"),
    "ratio": ("initial-population", "denominator", "numerator"),
    "continuous-variable": ("initial-population", "measure-population"),
    "cohort": ("initial-population",),
}
"""The populations that a scoring is made of."""

NOT_REPORTED = "measure-observation"
"""A population of the Measure, not of its reports."""
