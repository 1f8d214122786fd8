"""Tests of ganglion.hw.engines.planar."""
