"""Tests of hw/flows/vivado."""
