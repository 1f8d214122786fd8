"""Tests of hw/mapping."""
