"""Who may in: the ways in which the reference server asks for credentials, each with all that a client needs."""
