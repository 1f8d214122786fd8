"""Write what every shell has inside: the accelerator between repacked streams, and its register block."""

from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.design.chip_head import HEAD_MEMORY, HEAD_MODULE
from ganglion.hw.design.design import Design
from ganglion.hw.design.top_ports import MEMORY_PARAMETER
from ganglion.hw.shell.description import Shell
from ganglion.hw.shell.registers import POLICY_BYTES, WORD_BYTES, shape_word
from ganglion.hw.shell.window import Window

CORE = "ganglion_shell_core"
WORD_BITS = 8 * WORD_BYTES


def core_module(design: Design, shell: Shell) -> str:
    """Return the register block around the accelerator: every shell with registers instantiates it."""
    return f"""\
// {design.name} behind the register block: what every bus with registers stands in front of.
// Latency 1 cycle from read_i to read_data_o, 0 to write_error_o; interval 1 for each.
// Handshake: that of ganglion_registers.
// Golden: ganglion.models.reference.IntNetwork.__call__
{module_head(CORE)} (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        write_i,
  input  logic [{shell.address_bits - 1}:0] write_address_i,
  input  logic [31:0] write_data_i,
  input  logic [3:0]  write_strobe_i,
  output logic        write_error_o,
  input  logic        read_i,
  input  logic [{shell.address_bits - 1}:0] read_address_i,
  output logic [31:0] read_data_o,
  output logic        read_error_o,
  input  logic        bad_access_i,
  output logic        interrupt_o,
  output logic        done_o,
  output logic        error_o
);
  logic [31:0] observation_data, action_data;
  logic observation_valid, observation_ready, action_valid, action_last;
  logic core_rst_n;

  ganglion_registers #(
    .AddressBits({shell.address_bits}),
    .ObservationWords({shell.observation.words}), .LastByte({_last_byte(shell.observation)}),
    .ObservationShape({_shape(shell.observation)}),
    .ActionWords({shell.action.words}), .ActionShape({_shape(shell.action)}),
    .Policy({_policy(shell)})
  ) u_registers (
    .clk_i, .rst_ni, .write_i, .write_address_i, .write_data_i, .write_strobe_i, .write_error_o,
    .read_i, .read_address_i, .read_data_o, .read_error_o, .bad_access_i, .interrupt_o,
    .done_o, .error_o, .core_rst_no(core_rst_n),
    .m_data_o(observation_data), .m_valid_o(observation_valid), .m_ready_i(observation_ready),
    .s_data_i(action_data), .s_last_i(action_last), .s_valid_i(action_valid)
  );

{accelerator(design, shell, "clk_i", "core_rst_n", action_ready="1'b1")}
endmodule
"""


def module_head(name: str, *parameters: str) -> str:
    """Return the beginning of a top module, before its ports."""
    declared = ",\n".join(f"  parameter {each}" for each in (*parameters, f'{MEMORY_PARAMETER} = "mem"'))
    return f"module {name} #(\n{declared}\n)"


def accelerator(design: Design, shell: Shell, clock: str, reset: str, action_ready: str) -> str:
    """Return the accelerator between the streams `observation` and `action` of 32-bit words."""
    entry, exit_ = design.input.format, design.output.format
    has_memories = bool(design.memories.keys() - {HEAD_MEMORY})
    parameter = f"#(.{MEMORY_PARAMETER}({MEMORY_PARAMETER})) " if has_memories else ""
    unused = "" if design.memories else f"  localparam unused_memories = {MEMORY_PARAMETER};  // has none\n"
    return f"""\
{unused}  logic [{entry.width_bits - 1}:0] in_data;
  logic [{exit_.width_bits - 1}:0] out_data;
  logic in_valid, in_ready, out_valid, out_ready, unused_last;

  ganglion_repack #(
    {_values(shell.observation)},
    {_containers("In", shell.observation)},
    {_stream_fields("Out", entry)}
  ) u_observation (
    .clk_i({clock}), .rst_ni({reset}),
    .s_data_i(observation_data), .s_valid_i(observation_valid), .s_ready_o(observation_ready),
    .m_data_o(in_data), .m_last_o(unused_last), .m_valid_o(in_valid), .m_ready_i(in_ready)
  );

  {design.top} {parameter}u_accelerator (
    .ap_clk({clock}), .ap_rst_n({reset}),
    .s_axis_tdata(in_data), .s_axis_tvalid(in_valid), .s_axis_tready(in_ready),
    .m_axis_tdata(out_data), .m_axis_tvalid(out_valid), .m_axis_tready(out_ready)
  );

{_answer(design, shell, clock, reset, action_ready)}"""


def _answer(design: Design, shell: Shell, clock: str, reset: str, action_ready: str) -> str:
    """Return what turns the accelerator's words into the action window's: repacked, or the head."""
    form = design.output.format
    value = f".Values({form.features}), .Bits({form.type.bits}), .Signed({int(form.type.signed)})"
    source = ".s_data_i(out_data), .s_valid_i(out_valid), .s_ready_o(out_ready)"
    sink = (
        ".m_data_o(action_data), .m_last_o(action_last), .m_valid_o(action_valid), "
        f".m_ready_i({action_ready})"
    )
    if design.head is None:
        return f"""\
  ganglion_repack #(
    {value},
    {_stream_fields("In", form)},
    {_containers("Out", shell.action)}
  ) u_action (
    .clk_i({clock}), .rst_ni({reset}),
    {source},
    {sink}
  );"""
    memory = f"#(.{MEMORY_PARAMETER}({MEMORY_PARAMETER})) " if design.head.type == "float32" else ""
    return f"""\
  logic [{form.type.bits - 1}:0] value_data;
  logic value_last, value_valid, value_ready;

  ganglion_repack #(
    {value},
    {_stream_fields("In", form)},
    {_fields("Out", 1, form.type.bits, form.type.bits)}
  ) u_values (
    .clk_i({clock}), .rst_ni({reset}),
    {source},
    .m_data_o(value_data), .m_last_o(value_last), .m_valid_o(value_valid), .m_ready_i(value_ready)
  );

  {HEAD_MODULE} {memory}u_head (
    .clk_i({clock}), .rst_ni({reset}),
    .s_data_i(value_data), .s_last_i(value_last), .s_valid_i(value_valid), .s_ready_o(value_ready),
    {sink}
  );"""


def _values(window: Window) -> str:
    return f".Values({window.values}), .Bits({window.bits}), .Signed({int(window.signed)})"


def _stream_fields(side: str, form: StreamFormat) -> str:
    return _fields(side, form.word_values, form.type.bits, form.width_bits)


def _containers(side: str, window: Window) -> str:
    return _fields(side, WORD_BITS // window.container_bits, window.container_bits, WORD_BITS)


def _fields(side: str, count: int, pitch: int, width: int) -> str:
    return f".{side}Values({count}), .{side}Pitch({pitch}), .{side}Width({width})"


def _last_byte(window: Window) -> int:
    """Return which byte of the last word holds the last value's upper bits."""
    return (window.values * window.container_bits // 8 - 1) % WORD_BYTES


def _shape(window: Window) -> str:
    return f"32'h{shape_word(window.values, window.bits, window.signed):08x}"


def _policy(shell: Shell) -> str:
    head = bytes.fromhex(shell.policy)[:POLICY_BYTES]
    return f"{8 * POLICY_BYTES}'h{int.from_bytes(head, 'little'):032x}"
