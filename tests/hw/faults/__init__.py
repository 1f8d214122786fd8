"""Faults put into finished builds: every live one is found by what hw.simulate runs."""
