"""Tests of our FINN ops."""
