"""FINN's own matrix-vector units: the baseline."""
