"""What synthesis made, simulated: the netlist, the models of its cells, its switching and its energy."""
