"""Tests of ganglion.models.sparsity."""
