"""Verilated accelerators: harness, batches, comparison."""
