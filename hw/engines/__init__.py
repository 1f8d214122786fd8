"""How layers are computed: one folder an engine."""
