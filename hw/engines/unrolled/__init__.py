"""The unrolled engine: a whole network as one pipelined graph of shared adders, one vector a clock."""
