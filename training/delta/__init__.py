"""Delta inference counted on whole episodes: multiplications against return."""
