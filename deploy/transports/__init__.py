"""How a driver reaches an accelerator."""
