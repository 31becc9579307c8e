"""The Client actor: scenarios served to a client under test, its requests recorded, and what it shows judged."""
