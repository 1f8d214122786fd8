"""Formats in and out: QONNX and the policy folder."""
