"""The suite language: its model, loader, expansion to cases, steps, expectations and verdicts."""
