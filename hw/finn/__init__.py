"""The way through FINN: the plugin, the passes, the check after each."""
