"""Tests of ganglion.hw.engines.delta."""
