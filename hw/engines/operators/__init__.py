"""FINN operators of our own: a run of layers as one node, whatever engine computes it (operators.md)."""

from ganglion.hw.engines.operators.chain import insert_node, operator_of, write_node_files

__all__ = ["insert_node", "operator_of", "write_node_files"]
