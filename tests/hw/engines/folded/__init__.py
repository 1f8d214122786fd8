"""Tests of the folded engine."""
