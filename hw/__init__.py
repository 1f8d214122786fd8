"""How a policy becomes gates: FINN, RTL, simulation, synthesis."""
