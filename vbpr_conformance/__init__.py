"""Conformance tests for servers of the HL7 Da Vinci Value-Based Performance Reporting guide."""

__version__ = "0.1.0"
