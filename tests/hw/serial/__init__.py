"""The modules of the serial shell."""
