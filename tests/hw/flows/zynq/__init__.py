"""Tests of hw/flows/zynq."""
