"""Tests of hw/flows/yosys."""
