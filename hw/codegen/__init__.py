"""Writers of SystemVerilog and the mends of FINN's."""
