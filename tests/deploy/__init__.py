"""How a policy runs beside a board."""
