"""What is done once for a profile: its elements become checks."""
