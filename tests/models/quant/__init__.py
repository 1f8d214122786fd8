"""Tests of models/quant."""
