"""One fault, one rule: each row breaks a valid resource in one way."""

from __future__ import annotations

from decimal import Decimal

import pytest
from validate_edits import GONE, R4, VBPR, coded, ext, put

METRIC = "http://hl7.org/fhir/us/davinci-vbpr/CodeSystem/vbp-performance-metric"
STREAM = "http://hl7.org/fhir/us/davinci-vbpr/CodeSystem/payment-stream"
CATEGORY = "extension/1/valueCodeableConcept/coding/0"
GROUP = "MeasureReport.group"
STRATUM = "group/0/stratifier/0/stratum/0"

PERFORMANCE = [
    # cardinality
    ("status", GONE, "min:MeasureReport.status", "MeasureReport"),
    ("type", GONE, "min:MeasureReport.type", "MeasureReport"),
    ("measure", GONE, "min:MeasureReport.measure", "MeasureReport"),
    ("subject", GONE, "min:MeasureReport.subject", "MeasureReport"),
    ("reporter", GONE, {"min:MeasureReport.reporter", "dom-3"}, "MeasureReport"),
    ("period", GONE, "min:MeasureReport.period", "MeasureReport"),
    ("group/0/code", GONE, "min:MeasureReport.group.code", "MeasureReport.group[0]"),
    ("extension/1", GONE, "min:MeasureReport.extension:measurereport-category", "MeasureReport"),
    (
        "extension/1/valueCodeableConcept",
        {"text": "vbp"},
        "min:MeasureReport.extension:measurereport-category.value[x].coding",
        "MeasureReport.extension[1].value",
    ),
    (
        "extension/1/valueCodeableConcept/coding/+",
        {"system": "https://payer.example.org/c", "code": "vbp"},
        "max:MeasureReport.extension:measurereport-category.value[x].coding",
        "MeasureReport.extension[1].value.coding",
    ),
    (
        f"{CATEGORY}/code",
        GONE,
        "min:MeasureReport.extension:measurereport-category.value[x].coding.code",
        "MeasureReport.extension[1].value.coding[0]",
    ),
    (
        "extension/+",
        ext(
            R4 + "measurereport-category",
            valueCodeableConcept=coded("http://hl7.org/fhir/CodeSystem/measurereport-category", "vbp"),
        ),
        "max:MeasureReport.extension:measurereport-category",
        "MeasureReport.extension",
    ),
    (
        "subject/extension/0",
        ext("https://payer.example.org/x", valueCode="a"),
        "min:MeasureReport.subject.extension:orgSubject",
        "MeasureReport.subject",
    ),
    (
        "subject/extension/+",
        ext("organization-subject", valueReference={"display": "a"}),
        "max:MeasureReport.subject.extension:orgSubject",
        "MeasureReport.subject.extension",
    ),
    (
        "improvementNotation",
        coded("http://terminology.hl7.org/CodeSystem/measure-improvement-notation", "increase"),
        "max:MeasureReport.improvementNotation",
        "MeasureReport.improvementNotation",
    ),
    (
        "group/0/extension/+",
        ext("service-period", valuePeriod={"start": "2024"}),
        "max:MeasureReport.group.extension:servicePeriod",
        "MeasureReport.group[0].extension",
    ),
    (
        "group/0/extension/+",
        ext("paid-through-date", valueDate="2024"),
        "max:MeasureReport.group.extension:paidThroughDate",
        "MeasureReport.group[0].extension",
    ),
    (
        "group/0/measureScore/extension/+",
        ext("alternate-measurescore", valueBoolean=True),
        "max:MeasureReport.group.measureScore.extension:altMeasureScore",
        "MeasureReport.group[0].measureScore.extension",
    ),
    (
        f"{STRATUM}/../1/component/0/value",
        GONE,
        "min:MeasureReport.group.stratifier.stratum.component.value",
        "MeasureReport.group[0].stratifier[0].stratum[1].component[0]",
    ),
    ("group/0/extension/0/extension/0", GONE, "min:Extension.extension:type", "MeasureReport.group[0].extension[0]"),
    (
        "group/0/extension/0/extension/+",
        {"url": "incentive", "valueCodeableConcept": {"text": "x"}},
        "max:Extension.extension:incentive",
        "MeasureReport.group[0].extension[0].extension",
    ),
    (
        "group/0/extension/1/valuePeriod",
        GONE,
        {"min:Extension.value[x]", "ext-1"},
        "MeasureReport.group[0].extension[1]",
    ),
    # fixed values
    ("type", "individual", "fixed:MeasureReport.type", "MeasureReport.type"),
    (
        f"{CATEGORY}/code",
        "ra",
        "fixed:MeasureReport.extension:measurereport-category.value[x].coding.code",
        "MeasureReport.extension[1].value.coding[0].code",
    ),
    # properties
    ("score", 1, "unknown-property:MeasureReport", "MeasureReport"),
    ("group/0/score", {"value": 1}, "unknown-property:MeasureReport.group", "MeasureReport.group[0]"),
    ("group/0/status", "complete", "unknown-property:MeasureReport.group", "MeasureReport.group[0]"),
    ("period/begin", "2024", "unknown-property:Period", "MeasureReport.period"),
    ("_status", {"value": "x"}, "unknown-property:code", "MeasureReport.status"),
    ("subject/_id", {"extension": []}, "unknown-property:MeasureReport.subject", "MeasureReport.subject"),
    (
        "group/0/measureScore/resourceType",
        "Quantity",
        "unknown-property:MeasureReport.group.measureScore",
        "MeasureReport.group[0].measureScore",
    ),
    # shape
    ("group", {"code": {"text": "a"}}, "array:MeasureReport.group", "MeasureReport.group"),
    ("status", ["complete"], "array:MeasureReport.status", "MeasureReport.status"),
    ("period", [{"start": "2024"}], "array:MeasureReport.period", "MeasureReport.period"),
    ("period", "2024", "shape:Period", "MeasureReport.period"),
    ("identifier", [], "shape:MeasureReport.identifier", "MeasureReport.identifier"),
    ("group/1/measureScore", {}, "ele-1", "MeasureReport.group[1].measureScore"),
    ("group/1/population", [{"id": "p"}], "ele-1", "MeasureReport.group[1].population[0]"),
    ("group/+", None, "shape:MeasureReport.group", "MeasureReport.group[2]"),
    ("date", None, "format:MeasureReport.date", "MeasureReport.date"),
    (
        "contained/0/address/0/line",
        ["1 Main Street", None],
        "shape:Address.line",
        "MeasureReport.contained[0].address[0].line[1]",
    ),
    ("status", {"value": "complete"}, "format:MeasureReport.status", "MeasureReport.status"),
    # primitive formats
    ("id", "a b", "format:MeasureReport.id", "MeasureReport.id"),
    ("id", "a" * 65, "format:MeasureReport.id", "MeasureReport.id"),
    ("id", "ä", "format:MeasureReport.id", "MeasureReport.id"),
    ("date", "2024-02-30", "format:MeasureReport.date", "MeasureReport.date"),
    ("date", "2023-02-29", "format:MeasureReport.date", "MeasureReport.date"),
    ("date", "2024-13", "format:MeasureReport.date", "MeasureReport.date"),
    ("date", "15.07.2024", "format:MeasureReport.date", "MeasureReport.date"),
    ("date", "2024-07-15T08:30", "format:MeasureReport.date", "MeasureReport.date"),
    ("date", "2024-07-15T08:30:00", "format:MeasureReport.date", "MeasureReport.date"),
    ("date", "2024-07-15T24:00:00Z", "format:MeasureReport.date", "MeasureReport.date"),
    ("date", "2024-07-15T08:30:00+15:00", "format:MeasureReport.date", "MeasureReport.date"),
    ("date", "0000", "format:MeasureReport.date", "MeasureReport.date"),
    ("date", 2024, "format:MeasureReport.date", "MeasureReport.date"),
    ("date", "2024\n", "format:MeasureReport.date", "MeasureReport.date"),
    (
        "group/0/extension/2/valueDate",
        "2024-08-01T00:00:00Z",
        "format:Extension.value[x]",
        "MeasureReport.group[0].extension[2].value",
    ),
    ("meta/lastUpdated", "2024-02-29", "format:Meta.lastUpdated", "MeasureReport.meta.lastUpdated"),
    ("meta/versionId", "a/b", "format:Meta.versionId", "MeasureReport.meta.versionId"),
    (
        "group/0/population/0/count",
        "120",
        "format:MeasureReport.group.population.count",
        "MeasureReport.group[0].population[0].count",
    ),
    (
        "group/0/population/0/count",
        Decimal("1.5"),
        "format:MeasureReport.group.population.count",
        "MeasureReport.group[0].population[0].count",
    ),
    (
        "group/0/population/0/count",
        2**31,
        "format:MeasureReport.group.population.count",
        "MeasureReport.group[0].population[0].count",
    ),
    (
        "group/0/population/0/count",
        True,
        "format:MeasureReport.group.population.count",
        "MeasureReport.group[0].population[0].count",
    ),
    (
        "group/0/measureScore/value",
        "0.5",
        "format:MeasureReport.group.measureScore.value",
        "MeasureReport.group[0].measureScore.value",
    ),
    ("contained/0/active", "true", "format:Organization.active", "MeasureReport.contained[0].active"),
    ("group/0/code/text", "", "format:CodeableConcept.text", "MeasureReport.group[0].code.text"),
    ("group/0/code/text", " \n", None, ""),
    ("group/0/code/text", 7, "format:CodeableConcept.text", "MeasureReport.group[0].code.text"),
    ("group/0/code/coding/1/code", "capitation ", "format:Coding.code", "MeasureReport.group[0].code.coding[1].code"),
    ("measure", "https://payer.example.org/a b", "format:MeasureReport.measure", "MeasureReport.measure"),
    (
        "identifier/0/system",
        "urn:ietf:rfc:3986",
        "system:MeasureReport.identifier",
        "MeasureReport.identifier[0].value",
    ),
    ("identifier/0/system", "urn:oid:1.02", "format:Identifier.system", "MeasureReport.identifier[0].system"),
    ("identifier/0/system", "urn:uuid:ABC", "format:Identifier.system", "MeasureReport.identifier[0].system"),
    # choices
    (
        "group/0/extension/2/valueDateTime",
        "2024",
        {"type:Extension.value[x]"},
        "MeasureReport.group[0].extension[2].value",
    ),
    ("subject/extension/0/valueString", "x", {"type:Extension.value[x]"}, "MeasureReport.subject.extension[0].value"),
    (
        "group/0/measureScore/extension/0/valueDecimal",
        1,
        "choice:Extension.value[x]",
        "MeasureReport.group[0].measureScore.extension[0]",
    ),
    # codes
    ("status", "finished", "binding:MeasureReport.status", "MeasureReport.status"),
    (
        "group/0/code/coding/1/code",
        "nonsense",
        "code:CodeableConcept.coding",
        "MeasureReport.group[0].code.coding[1].code",
    ),
    (
        "group/0/population/0/code/coding/0/code",
        "nonsense",
        "code:CodeableConcept.coding",
        "MeasureReport.group[0].population[0].code.coding[0].code",
    ),
    (
        "group/0/extension/0/extension/0/valueCodeableConcept/coding/0/code",
        "nonsense",
        "code:CodeableConcept.coding",
        "MeasureReport.group[0].extension[0].extension[0].value.coding[0].code",
    ),
    (
        "group/0/measureScore/comparator",
        "=",
        "binding:MeasureReport.group.measureScore.comparator",
        "MeasureReport.group[0].measureScore.comparator",
    ),
    (
        "group/0/measureScore/extension/0/valueMoney/currency",
        "USX",
        "binding:Money.currency",
        "MeasureReport.group[0].measureScore.extension[0].value.currency",
    ),
    ("identifier/0/use", "primary", "binding:Identifier.use", "MeasureReport.identifier[0].use"),
    ("text/status", "made", "binding:Narrative.status", "MeasureReport.text.status"),
    (
        "group/0/code/coding/1/system",
        "http://hl7.org/fhir/us/davinci-vbpr/ValueSet/vbp-performance-metric",
        "system:CodeableConcept.coding",
        "MeasureReport.group[0].code.coding[1].system",
    ),
    # references
    (
        "reporter/reference",
        "Practitioner/p1",
        {"target:MeasureReport.reporter", "dom-3"},
        "MeasureReport.reporter.reference",
    ),
    (
        "reporter/reference",
        "https://payer.example.org/fhir/Practitioner/p1",
        {"target:MeasureReport.reporter", "dom-3"},
        "MeasureReport.reporter.reference",
    ),
    (
        "reporter",
        {"type": "Practitioner", "identifier": {"value": "1"}},
        {"target:MeasureReport.reporter", "dom-3"},
        "MeasureReport.reporter.type",
    ),
    ("subject/reference", "Patient/p1", "target:MeasureReport.subject", "MeasureReport.subject.reference"),
    (
        "subject/extension/0/valueReference/reference",
        "Group/g1",
        "target:Extension.value[x]",
        "MeasureReport.subject.extension[0].value.reference",
    ),
    (
        "group/0/population/0/subjectResults",
        {"reference": "Group/g1"},
        "target:MeasureReport.group.population.subjectResults",
        "MeasureReport.group[0].population[0].subjectResults.reference",
    ),
    ("subject/type", "PractitionerRole", "target:MeasureReport.subject", "MeasureReport.subject.type"),
    (
        "evaluatedResource/1/reference",
        "Organization/o 1",
        "reference:MeasureReport.evaluatedResource",
        "MeasureReport.evaluatedResource[1].reference",
    ),
    ("subject/reference", "#nobody", "ref-1", "MeasureReport.subject"),
    # extensions
    (
        "group/0/extension/0/url",
        VBPR + "payment-flow",
        "extension:MeasureReport.group.extension",
        "MeasureReport.group[0].extension[0]",
    ),
    (
        "group/0/extension/+",
        ext("region", valueCode="n"),
        "extension:MeasureReport.group.extension",
        "MeasureReport.group[0].extension[4]",
    ),
    (
        "group/0/extension/+",
        {"url": "region", "valueCode": "n"},
        "extension:MeasureReport.group.extension",
        "MeasureReport.group[0].extension[4]",
    ),
    (
        "group/0/extension/0/extension/+",
        {"url": "amount", "valueDecimal": 1},
        "extension:Extension.extension",
        "MeasureReport.group[0].extension[0].extension[2]",
    ),
    ("group/0/extension/+", {"valueCode": "n"}, "min:Extension.url", "MeasureReport.group[0].extension[4]"),
    (
        f"{STRATUM}/extension",
        [ext("score", valueDecimal=1)],
        "extension-context:MeasureReport.group.stratifier.stratum.extension",
        "MeasureReport.group[0].stratifier[0].stratum[0].extension[0]",
    ),
    (
        "extension/+",
        ext("group-reference", valueString="g1"),
        "extension-context:MeasureReport.extension",
        "MeasureReport.extension[2]",
    ),
    (
        "group/0/modifierExtension",
        [ext("paid-through-date", valueDate="2024")],
        "extension-context:MeasureReport.group.modifierExtension",
        "MeasureReport.group[0].modifierExtension[0]",
    ),
    (
        "group/0/extension/2/extension",
        [ext("https://payer.example.org/x", valueCode="n")],
        {"max:Extension.extension", "ext-1"},
        "MeasureReport.group[0].extension[2].extension",
    ),
    (
        "group/0/extension/0/valueString",
        "x",
        {"max:Extension.value[x]", "ext-1"},
        "MeasureReport.group[0].extension[0].value",
    ),
    ("extension/0", {"url": "https://payer.example.org/extensions/region"}, "ext-1", "MeasureReport.extension[0]"),
    (
        "extension/0/extension",
        [ext("https://payer.example.org/x", valueCode="n")],
        "ext-1",
        "MeasureReport.extension[0]",
    ),
    # invariants
    ("period/start", "2024-07-01", "per-1", "MeasureReport.period"),
    ("period", {"start": "2024-06-30T12:00:00+02:00", "end": "2024-06-30T09:59:59Z"}, "per-1", "MeasureReport.period"),
    ("group/1/measureScore/system", GONE, "qty-3", "MeasureReport.group[1].measureScore"),
    (f"{STRATUM}/component", [{"code": {"text": "a"}, "value": {"text": "b"}}], "mrp-2", "MeasureReport"),
    (f"{STRATUM}/value", GONE, "mrp-2", "MeasureReport"),
    (
        "contained/0/contained",
        [{"resourceType": "Organization", "id": "x", "name": "x"}],
        {"dom-2", "dom-3"},
        "MeasureReport",
    ),
    ("reporter/reference", "Organization/payer", "dom-3", "MeasureReport"),
    ("contained/0/meta", {"versionId": "1"}, "dom-4", "MeasureReport"),
    (
        "contained/0/meta",
        {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "N"}]},
        "dom-5",
        "MeasureReport",
    ),
    ("contained/0/telecom/0/system", GONE, "cpt-2", "MeasureReport.contained[0].telecom[0]"),
    ("contained/0/telecom/0/use", "home", "org-3", "MeasureReport.contained[0].telecom[0]"),
    ("language", "en_US", "binding:MeasureReport.language", "MeasureReport.language"),
    (
        "contained/+",
        {"resourceType": "Organization", "id": "payer", "active": True, "name": "Payer Sud"},
        "element-id:DomainResource.contained",
        "MeasureReport.contained[1].id",
    ),
    ("text/div", "<div>text</div>", "txt-1", "MeasureReport.text.div"),
    (
        "text/div",
        '<div xmlns="http://www.w3.org/1999/xhtml"><script>x</script></div>',
        "txt-1",
        "MeasureReport.text.div",
    ),
    ("text/div", '<div xmlns="http://www.w3.org/1999/xhtml"> </div>', "txt-2", "MeasureReport.text.div"),
    (
        "text/div",
        '<div xmlns="http://www.w3.org/1999/xhtml"><p onclick="x">a</p></div>',
        "txt-1",
        "MeasureReport.text.div",
    ),
    ("text/div", GONE, "min:Narrative.div", "MeasureReport.text"),
    # ids and resources
    ("group/1/id", "g1", "element-id:MeasureReport.group.id", "MeasureReport.group[1].id"),
    ("resourceType", "Measurereport", "shape:Resource", "Measurereport"),
    ("contained/0/resourceType", "Organisation", "shape:Resource", "MeasureReport.contained[0]"),
    ("contained/0/resourceType", GONE, "shape:Resource", "MeasureReport.contained[0]"),
    ("meta/profile/0", VBPR + "vbp-measure", "profile:Resource", "MeasureReport"),
]

QUALITY = [
    ("group", GONE, "min:MeasureReport.group", "MeasureReport"),
    ("date", GONE, "min:MeasureReport.date", "MeasureReport"),
    ("period/start", GONE, {"min:MeasureReport.period.start", "deqm-1"}, "MeasureReport.period"),
    ("period/start", "2024-01", "deqm-1", "MeasureReport.period"),
    ("measure", "https://payer.example.org/fhir/Measure/quality-a", "deqm-0", "MeasureReport.measure"),
    ("extension/0", GONE, "deqm-3", "MeasureReport"),
    ("subject", {"reference": "Practitioner/p1"}, "max:MeasureReport.subject", "MeasureReport.subject"),
    (
        "evaluatedResource",
        [{"reference": "Observation/1"}],
        "max:MeasureReport.evaluatedResource",
        "MeasureReport.evaluatedResource",
    ),
    ("group/0/population/0/count", GONE, "deqm-8", "MeasureReport.group[0].population[0]"),
    (
        "group/0/population/0/code",
        GONE,
        "min:MeasureReport.group.population.code",
        "MeasureReport.group[0].population[0]",
    ),
    ("group/0/stratifier/0/code", GONE, "deqm-7", "MeasureReport.group[0].stratifier[0]"),
    ("group/0/measureScore/value", Decimal("1.5"), "deqm-6", "MeasureReport.group[0]"),
    ("extension/1/valueDecimal", "4.50", "format:Extension.value[x]", "MeasureReport.extension[1].value"),
    ("extension/+", ext("score", valueDecimal=1), "max:MeasureReport.extension:score", "MeasureReport.extension"),
    ("extension/2/extension/0", GONE, "min:Extension.extension:threshold", "MeasureReport.extension[2]"),
    (
        "extension/2/extension/0/valueRange/low/comparator",
        "<",
        {"max:Quantity.comparator", "sqty-1"},
        "MeasureReport.extension[2].extension[0].value.low.comparator",
    ),
    (
        "extension/2/extension/0/valueRange",
        {"low": {"value": 2}, "high": {"value": 1}},
        "rng-2",
        "MeasureReport.extension[2].extension[0].value",
    ),
    (
        "extension/0/valueCodeableConcept/coding/0/code",
        "guess",
        "code:CodeableConcept.coding",
        "MeasureReport.extension[0].value.coding[0].code",
    ),
    (
        "improvementNotation/coding/0/code",
        "sideways",
        {"binding:MeasureReport.improvementNotation", "code:CodeableConcept.coding"},
        "MeasureReport.improvementNotation",
    ),
    (
        "improvementNotation",
        {"text": "increase"},
        "binding:MeasureReport.improvementNotation",
        "MeasureReport.improvementNotation",
    ),
    (
        "group/0/population/0/extension",
        [ext(R4 + "measurereport-countQuantity", valueQuantity={"value": 1})],
        {"extension-context:MeasureReport.group.population.extension", "deqm-8"},
        "MeasureReport.group[0].population[0].extension[0]",
    ),
    (
        "group/0/stratifier/0/stratum/0/population/0/count",
        GONE,
        {"deqm-9", "min:MeasureReport.group.stratifier.stratum.population.count"},
        "MeasureReport.group[0].stratifier[0].stratum[0].population[0]",
    ),
]

MEASURE = [
    ("url", GONE, "min:Measure.url", "Measure"),
    ("version", GONE, "min:Measure.version", "Measure"),
    ("title", GONE, "min:Measure.title", "Measure"),
    ("description", GONE, "min:Measure.description", "Measure"),
    (
        "scoring",
        coded("http://terminology.hl7.org/CodeSystem/measure-scoring", "cohort"),
        "max:Measure.scoring",
        "Measure.scoring",
    ),
    (
        "relatedArtifact/1/extension/1",
        GONE,
        "min:Measure.relatedArtifact:component.extension:contractualStatus",
        "Measure.relatedArtifact[1]",
    ),
    (
        "relatedArtifact/1/resource",
        GONE,
        "min:Measure.relatedArtifact:component.resource",
        "Measure.relatedArtifact[1]",
    ),
    (
        "relatedArtifact/1/extension/+",
        ext("weight", valueDecimal=1),
        "max:Measure.relatedArtifact:component.extension:weight",
        "Measure.relatedArtifact[1].extension",
    ),
    ("relatedArtifact/0/type", "see-also", "binding:RelatedArtifact.type", "Measure.relatedArtifact[0].type"),
    ("extension/0/valueCodeableConcept", GONE, {"min:Extension.value[x]", "ext-1"}, "Measure.extension[0]"),
    (
        "extension/+",
        ext("lob", valueCodeableConcept={"text": "x"}),
        "max:Measure.extension:lineOfBusiness",
        "Measure.extension",
    ),
    ("subjectReference", {"reference": "Group/1"}, "choice:Measure.subject[x]", "Measure"),
    ("subjectCodeableConcept", GONE, None, ""),
    ("status", "ready", "binding:Measure.status", "Measure.status"),
    ("group/0/population/0/criteria/language", "text/cql", None, ""),
    ("group/0/population/0/criteria", GONE, "min:Measure.group.population.criteria", "Measure.group[0].population[0]"),
    ("group/0/population/0/criteria/expression", GONE, "exp-1", "Measure.group[0].population[0].criteria"),
    (
        "group/0/stratifier/0/component",
        [{"criteria": {"language": "text/fhirpath", "expression": "x"}}],
        "mea-1",
        "Measure",
    ),
    ("contact/0/telecom/0/use", "phone", "binding:ContactPoint.use", "Measure.contact[0].telecom[0].use"),
    ("experimental", "true", "format:Measure.experimental", "Measure.experimental"),
    ("approvalDate", "2024-01-01T00:00:00Z", "format:Measure.approvalDate", "Measure.approvalDate"),
    ("useContext/0/valueString", "x", "unknown-property:UsageContext", "Measure.useContext[0]"),
    ("useContext/0/valueQuantity", {"value": 1}, "choice:UsageContext.value[x]", "Measure.useContext[0]"),
]

ROWS = [
    pytest.param((name, *row), id=f"{name} {row[0]} {'gone' if row[1] is GONE else str(row[1])[:40]}")
    for name, rows in (("performance", PERFORMANCE), ("quality", QUALITY), ("measure", MEASURE))
    for row in rows
]


@pytest.mark.parametrize("row", ROWS)
def test_a_fault_breaks_its_rule_and_no_other(validator, valid, row):
    """The issue names the rule and the place; nothing else is an error."""
    name, path, value, rules, place = row
    resource = valid(name)
    put(resource, path.replace("stratum/0/../1", "stratum/1"), value)
    errors = [issue for issue in validator.issues(resource) if issue.is_error]
    wanted = {rules} if isinstance(rules, str) else rules or set()
    assert {issue.rule for issue in errors} == wanted, errors
    if wanted:
        assert place in {issue.expression for issue in errors}
        assert all(issue.message.endswith(".") and issue.code for issue in errors)


@pytest.mark.parametrize("name", ["performance", "quality", "measure"])
def test_the_resources_that_faults_are_put_into_are_valid(validator, valid, name):
    """Without a fault there is no error."""
    assert not [issue for issue in validator.issues(valid(name)) if issue.is_error]


def test_criteria_in_cql_need_a_library(validator, valid):
    """Criteria in text/cql are an error in a Measure that names no library."""
    measure = valid("measure")
    put(measure, "group/0/population/0/criteria/language", "text/cql")
    del measure["library"]
    errors = [issue for issue in validator.issues(measure) if issue.is_error]
    assert [(issue.rule, issue.expression) for issue in errors] == [
        ("measure:Measure.library", "Measure.group[0].population[0].criteria")
    ]


def test_the_slice_of_an_identifier_is_told_by_its_system(validator):
    """Slices by a pattern of the item itself: the rules of each slice are asked of its items, and of no other."""
    systems = ("http://hl7.org/fhir/sid/us-npi", "urn:oid:2.16.840.1.113883.4.7", "http://payer.example/ids")
    organization = {
        "resourceType": "Organization",
        "meta": {"profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-organization"]},
        "identifier": [{"system": system, "value": "12"} for system in systems],
        "active": True,
        "name": "Synthetic clinic",
    }
    found = [issue for issue in validator.issues(organization) if issue.is_error]
    assert {(issue.rule, issue.expression) for issue in found} == {
        ("us-core-16", "Organization.identifier[0]"),
        ("us-core-17", "Organization.identifier[0]"),
        ("us-core-18", "Organization.identifier[1]"),
    }


@pytest.mark.parametrize("count", [1, 30, 5000])
def test_properties_that_nobody_knows_are_all_found(validator, valid, count):
    """Be they few or thousands, and what is wrong besides is found too."""
    report = valid("performance") | {f"unknown{number}": number for number in range(count)}
    del report["status"]
    rules = [issue.rule for issue in validator.issues(report) if issue.is_error]
    assert sorted(rules) == ["min:MeasureReport.status", *["unknown-property:MeasureReport"] * count]
