"""The folded engine with its lanes dealt columns, not rows: for layers that read thousands of values."""
