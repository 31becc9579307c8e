"""Verdicts and exchanges written down: results.json, Allure, JUnit, terminal. Decides nothing."""
