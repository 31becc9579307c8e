"""FHIR over HTTP as plain data: what was asked and what was answered, whoever sent or received it."""
