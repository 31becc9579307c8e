"""The proof behind a verdict: the suites of this very build see every fault, and none of what is permitted."""
