"""Tests of hw/flows/openxc7."""
