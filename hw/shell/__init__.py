"""The registers and buses around an accelerator, by which a host reaches it."""
