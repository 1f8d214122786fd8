"""Tests of hw/target."""
