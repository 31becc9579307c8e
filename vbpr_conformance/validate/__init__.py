"""The validator: profiles compiled into closures over plain JSON."""
