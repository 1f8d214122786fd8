"""Networks as Brevitas modules."""
