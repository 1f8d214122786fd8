"""Tests of hw/engines/dense."""
