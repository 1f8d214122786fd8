"""FINN operators of our own: a run of layers as one node, whatever engine computes it (operators.md)."""
