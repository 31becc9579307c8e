"""The FHIR REST client on httpx: interactions, bundles, paging, the journal of what was created. No verdicts."""
