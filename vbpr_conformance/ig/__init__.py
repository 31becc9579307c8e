"""An edition of an implementation guide as objects: profiles, value sets, search parameters, requirements."""
