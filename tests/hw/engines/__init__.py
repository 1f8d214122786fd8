"""Tests of hw/engines."""
