"""What is done for each resource: its surroundings, and the rules that no profile states."""
