"""FHIR R4 itself: base definitions, JSON and XML codecs, FHIRPath, dates, search values. Knows no guide, no HTTP."""
