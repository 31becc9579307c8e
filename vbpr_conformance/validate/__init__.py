"""Is this resource conformant? A profile compiled to closures that yield issues."""
