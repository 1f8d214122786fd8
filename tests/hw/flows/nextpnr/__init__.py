"""Tests of hw/flows/nextpnr."""
