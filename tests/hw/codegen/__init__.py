"""Tests of hw/codegen."""
