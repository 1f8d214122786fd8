"""Boards and the families of their parts."""
