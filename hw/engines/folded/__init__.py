"""The folded engine: a statically scheduled sparse accelerator, one program word a cycle."""
