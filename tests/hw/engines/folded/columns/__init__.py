"""The folded engine over columns."""
