"""Tests of models.sparsity."""
