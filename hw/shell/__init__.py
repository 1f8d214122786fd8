"""What stands around an accelerator's streams on a board: a register block, buses, and their description."""
