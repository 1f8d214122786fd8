"""Tests of ganglion.hw.gatelevel."""
