"""Tests of hw/finn."""
