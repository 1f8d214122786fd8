"""How a policy runs on the board."""
