"""Writers of SystemVerilog, and the patches of FINN's."""
