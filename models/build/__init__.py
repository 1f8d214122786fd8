"""How a stage runs: errors, files that a kill leaves whole, paths, records."""
