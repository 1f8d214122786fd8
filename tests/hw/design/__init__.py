"""Tests of hw/design."""
