"""A netlist that cannot be simulated is refused before it is."""

from dataclasses import replace
from pathlib import Path

import pytest

from ganglion.hw.gatelevel.bench import synthesize_netlist
from ganglion.models.build.errors import ToolError
from tests.hw.toy import toy_design

INSTANTIATES_A_DSP = """
module toy_top (input logic ap_clk, input logic [17:0] b_i, output logic [47:0] p_o);
  DSP48E1 #(.USE_MULT("MULTIPLY"), .PREG(1)) u_dsp (
    .CLK(ap_clk), .A(30'd3), .B(b_i), .C(48'd0), .D(25'd0), .P(p_o), .OPMODE(7'b0000101), .ALUMODE(4'd0),
    .INMODE(5'd0), .CARRYIN(1'b0), .CARRYINSEL(3'd0), .CEA1(1'b1), .CEA2(1'b1), .CEB1(1'b1), .CEB2(1'b1),
    .CEC(1'b1), .CED(1'b1), .CEM(1'b1), .CEP(1'b1), .CEAD(1'b1), .CECTRL(1'b1), .CEALUMODE(1'b1),
    .CEINMODE(1'b1), .CECARRYIN(1'b1), .RSTA(1'b0), .RSTB(1'b0), .RSTC(1'b0), .RSTD(1'b0), .RSTM(1'b0),
    .RSTP(1'b0), .RSTCTRL(1'b0), .RSTALUMODE(1'b0), .RSTINMODE(1'b0), .RSTALLCARRYIN(1'b0), .ACIN(30'd0),
    .BCIN(18'd0), .PCIN(48'd0), .CARRYCASCIN(1'b0), .MULTSIGNIN(1'b0)
  );
endmodule
"""


def test_a_design_whose_cells_lose_their_parameters_is_refused_as_the_dense_engine_is(tmp_path: Path) -> None:
    (tmp_path / "dsp.sv").write_text(INSTANTIATES_A_DSP)
    design = replace(toy_design(tmp_path), sources=("dsp.sv",))
    with pytest.raises(ToolError, match=r"drops the parameters of the DSP48E1 .* take another engine"):
        synthesize_netlist(design, tmp_path / "work")
