"""Tests of networks as modules."""
