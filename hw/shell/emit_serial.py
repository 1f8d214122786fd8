"""Write the top of the serial shell: the register block behind a UART."""

from ganglion.hw.shell.description import TOPS, Shell
from ganglion.hw.shell.emit import CORE, module_head

CLOCKS_PER_BIT = 16
"""What the simulated shell has; a board's top gives its own, clock / baud."""


def serial_module(shell: Shell) -> str:
    """Return the shell with a serial line."""
    return f"""\
// {shell.name} on a serial line, 8N1 at clock / ClocksPerBit baud; docs/serial.md has the frames.
// Latency and interval of an access: those of ganglion_serial and of its frames' bytes.
// No handshake: a frame asks, a frame answers.
// Golden: ganglion.models.reference.IntNetwork.__call__
{module_head(TOPS["serial"], f"int ClocksPerBit /*verilator public*/ = {CLOCKS_PER_BIT}")} (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic rx_i,
  output logic tx_o,
  output logic done_o,
  output logic error_o
);
  logic write, write_error, read, read_error, bad_access, interrupt;
  logic [{shell.address_bits - 1}:0] address;
  logic [31:0] write_data, read_data;

  ganglion_serial #(
    .ClocksPerBit(ClocksPerBit), .AddressBits({shell.address_bits}),
    .Control({shell.registers["control"]}), .Status({shell.registers["status"]}),
    .Cycles({shell.registers["cycles"]}),
    .Action({shell.action.offset}), .ActionWords({shell.action.words}),
    .Start({shell.control["start"]}), .FreeRunning({shell.control["free_running"]}),
    .Busy({shell.status["busy"]}), .Done({shell.status["done"]})
  ) u_serial (
    .clk_i, .rst_ni, .rx_i, .tx_o, .write_o(write), .read_o(read), .address_o(address),
    .write_data_o(write_data), .bad_access_o(bad_access), .write_error_i(write_error),
    .read_data_i(read_data), .read_error_i(read_error)
  );

  {CORE} #(.MemDir(MemDir)) u_core (
    .clk_i, .rst_ni,
    .write_i(write), .write_address_i(address), .write_data_i(write_data), .write_strobe_i(4'hF),
    .write_error_o(write_error), .read_i(read), .read_address_i(address), .read_data_o(read_data),
    .read_error_o(read_error), .bad_access_i(bad_access), .interrupt_o(interrupt),
    .done_o, .error_o
  );
  wire unused = interrupt;
endmodule
"""
