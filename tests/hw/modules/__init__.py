"""Tests of the RTL modules one by one: each against a model of its ports, cycle by cycle."""
