"""Measurements side by side: explore, growth, bench."""
