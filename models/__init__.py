"""What a policy is: its numbers, masks, networks, exports, and the integer reference."""
