"""Write the tops of the shells whose registers are behind AXI."""

from collections.abc import Iterator
from dataclasses import dataclass

from ganglion.hw.shell.description import TOPS, Shell
from ganglion.hw.shell.emit import CORE, module_head

ID_PARAMETER = "IdBits"
ID_BITS = 12
"""What the processing system of a Zynq-7000 sends; a parameter of the top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel of AXI: its signals with their widths, and whether the slave sends it.

    A width is a number of bits or the name of a parameter; None is a single wire.
    """

    name: str
    signals: dict[str, int | str | None]
    sends: bool = False

    def ports(self) -> Iterator[tuple[str, int | str | None, bool]]:
        """Yield each port's name and width, and whether it is an output."""
        for signal, width in self.signals.items():
            yield f"s_axi_{self.name}{signal}", width, self.sends
        yield f"s_axi_{self.name}valid", None, self.sends
        yield f"s_axi_{self.name}ready", None, not self.sends


def _channels(address_bits: int, bursts: bool) -> tuple[Channel, ...]:
    """Return the channels of AXI4-Lite, or of AXI with bursts and identifiers."""
    ids: dict[str, int | str | None] = {"id": ID_PARAMETER} if bursts else {}
    last: dict[str, int | str | None] = {"last": None} if bursts else {}
    address = ids | {"addr": address_bits} | ({"len": 8, "size": 3, "burst": 2} if bursts else {})
    return (
        Channel(name="aw", signals=address),
        Channel(name="w", signals={"data": 32, "strb": 4} | last),
        Channel(name="b", signals=ids | {"resp": 2}, sends=True),
        Channel(name="ar", signals=address),
        Channel(name="r", signals=ids | {"data": 32, "resp": 2} | last, sends=True),
    )


def axi_lite_module(shell: Shell) -> str:
    """Return the shell with an AXI4-Lite slave."""
    return f"""\
// {shell.name} behind AXI4-Lite; shell.json has the register map.
// Latency of an access: 2 cycles to write, 1 to read; interval 2.
// AXI handshake: a write's address and data come in any order; errors are answered SLVERR.
// Golden: ganglion.models.reference.IntNetwork.__call__
{_module(shell, bursts=False)}"""


def axi_module(shell: Shell) -> str:
    """Return the shell with an AXI3 or AXI4 slave."""
    return f"""\
// {shell.name} behind AXI3 or AXI4, for a port without interconnect; shell.json has the register map.
// Latency of an access: 2 cycles to write, 1 to read; a beat of a burst a cycle.
// AXI handshake: a write's address and data come in any order; errors are answered SLVERR.
// Golden: ganglion.models.reference.IntNetwork.__call__
{_module(shell, bursts=True)}"""


def _module(shell: Shell, bursts: bool) -> str:
    bus = "axi" if bursts else "axi_lite"
    ports = [port for channel in _channels(shell.address_bits, bursts) for port in channel.ports()]
    declared = "".join(f"{_declaration(*port)},\n" for port in ports)
    pins = ", ".join(f".{name}" for name, _, _ in ports)
    parameters = f".AddressBits({shell.address_bits})" + (
        f", .{ID_PARAMETER}({ID_PARAMETER})" if bursts else ""
    )
    refusal = ",\n    .bad_access_o(bad_access)" if bursts else ""
    head = module_head(TOPS[bus], *([f"int unsigned {ID_PARAMETER} = {ID_BITS}"] if bursts else []))
    address = f"logic [{shell.address_bits - 1}:0]"
    return f"""\
{head} (
  input  logic aclk,
  input  logic aresetn,
{declared}  output logic interrupt
);
  logic write, write_error, read, read_error, done, error{", bad_access" if bursts else ""};
  {address} write_address, read_address;
  logic [31:0] write_data, read_data;
  logic [3:0] write_strobe;

  ganglion_{bus} #({parameters}) u_bus (
    .aclk, .aresetn,
    {pins},
    .write_o(write), .write_address_o(write_address), .write_data_o(write_data),
    .write_strobe_o(write_strobe), .write_error_i(write_error),
    .read_o(read), .read_address_o(read_address), .read_data_i(read_data), .read_error_i(read_error){refusal}
  );

  {CORE} #(.MemDir(MemDir)) u_core (
    .clk_i(aclk), .rst_ni(aresetn),
    .write_i(write), .write_address_i(write_address), .write_data_i(write_data),
    .write_strobe_i(write_strobe), .write_error_o(write_error),
    .read_i(read), .read_address_i(read_address), .read_data_o(read_data), .read_error_o(read_error),
    .bad_access_i({"bad_access" if bursts else "1'b0"}), .interrupt_o(interrupt),
    .done_o(done), .error_o(error)
  );
  wire unused = ^{{done, error}};  // status has them
endmodule
"""


def _declaration(name: str, width: int | str | None, is_output: bool) -> str:
    highest = width - 1 if isinstance(width, int) else f"{width}-1"
    bits = "" if width is None else f"[{highest}:0] "
    return f"  {'output' if is_output else 'input '} logic {bits}{name}"
