"""Tests of hw/sim."""
