"""Tests of hw/flows."""
