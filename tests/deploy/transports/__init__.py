"""Tests of the ways to a board."""
