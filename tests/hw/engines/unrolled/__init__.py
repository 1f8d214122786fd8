"""Tests of the unrolled engine."""
