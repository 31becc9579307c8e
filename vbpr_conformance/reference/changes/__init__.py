"""Changes of the server's behaviour as tables: rows of YAML, and the named actions that they are made of."""
