"""Tests of ganglion.models.layers."""
