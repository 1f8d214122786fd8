"""FINN ops of our own: what each means, and its RTL backend; a page for each beside its file."""
