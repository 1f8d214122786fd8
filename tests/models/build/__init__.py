"""Tests of models/build."""
