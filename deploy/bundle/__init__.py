"""The bundle: all that a board needs of one policy, in one archive that is the same wherever it is made."""
