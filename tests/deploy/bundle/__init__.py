"""The bundle: its content, and that it is the same wherever it is made."""
