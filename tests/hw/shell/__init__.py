"""The shells, from the register map to whole inferences over each bus."""
