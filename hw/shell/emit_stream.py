"""Write the top of the shell without registers: AXI-Stream in and out, a frame an inference."""

from ganglion.hw.design.design import Design
from ganglion.hw.shell.description import TOPS, Shell
from ganglion.hw.shell.emit import accelerator, module_head


def stream_module(design: Design, shell: Shell) -> str:
    """Return the shell between streams of the containers that shell.json describes, in 32-bit words."""
    frames = f"{shell.observation.words} words in, {shell.action.words} out"
    return f"""\
// {shell.name} between AXI-Streams, a frame an inference: {frames}.
// Latency: that of the accelerator and of ganglion_repack on both sides; interval at least a frame's words.
// AXI-Stream handshake; with CheckLast = 0 s_axis_tlast is ignored. See ganglion_frames for wrong frames.
// Golden: ganglion.models.reference.IntNetwork.__call__
{module_head(TOPS["stream"], "bit CheckLast = 1")} (
  input  logic aclk,
  input  logic aresetn,
  input  logic [31:0] s_axis_tdata,
  input  logic s_axis_tlast,
  input  logic s_axis_tvalid,
  output logic s_axis_tready,
  output logic [31:0] m_axis_tdata,
  output logic m_axis_tlast,
  output logic m_axis_tvalid,
  input  logic m_axis_tready,
  output logic frame_error
);
  logic [31:0] observation_data, action_data;
  logic observation_valid, observation_ready, action_last, action_valid, action_ready;
  assign m_axis_tdata = action_data;
  assign m_axis_tlast = action_last;

  ganglion_frames #(.Words({shell.observation.words}), .CheckLast(CheckLast)) u_frames (
    .clk_i(aclk), .rst_ni(aresetn),
    .s_data_i(s_axis_tdata), .s_last_i(s_axis_tlast), .s_valid_i(s_axis_tvalid), .s_ready_o(s_axis_tready),
    .m_data_o(observation_data), .m_valid_o(observation_valid), .m_ready_i(observation_ready),
    .r_last_i(action_last), .r_valid_i(action_valid), .r_ready_o(action_ready),
    .t_valid_o(m_axis_tvalid), .t_ready_i(m_axis_tready), .error_o(frame_error)
  );

{accelerator(design, shell, "aclk", "aresetn", action_ready="action_ready")}
endmodule
"""
