"""Tests of hw/studies."""
