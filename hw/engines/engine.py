"""What an engine is: a name, the settings to ask it for, candidates for a network, plans of layers."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Protocol, TypeVar

from ganglion.hw.design.axi_stream import StreamFormat
from ganglion.hw.target.board import Board
from ganglion.hw.target.resources import Resources
from ganglion.models.build.codec import STRICT
from ganglion.models.build.errors import ConfigError
from ganglion.models.build.spelling import spelled
from ganglion.models.layers import Layer
from ganglion.models.reference import IntNetwork

T = TypeVar("T")


def setting(default: T, help: str, low: int | None = None, high: int | None = None) -> T:
    """Return a field of an engine's settings: its default, its help text, and its range where it has one."""
    return field(default=default, metadata={"help": help, "range": (low, high)})


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """The base of every engine's settings: fields made by `setting`, each within its range."""

    __pydantic_config__: ClassVar = STRICT

    def __post_init__(self) -> None:
        for each in fields(self):
            value, (low, high) = getattr(self, each.name), each.metadata["range"]
            if value is not None and low is not None and not low <= value <= high:
                raise ConfigError(f"{spelled(each.name, value)}: allowed from {low} to {high}")


class Block(Protocol):
    """A run of layers as hardware between an input and an output stream."""

    @property
    def input(self) -> StreamFormat:
        """The stream that it reads."""
        ...

    @property
    def output(self) -> StreamFormat:
        """The stream that it writes."""
        ...

    @property
    def resources(self) -> Resources:
        """What it takes of the board's part, estimated."""
        ...

    @property
    def latency_cycles(self) -> int:
        """Cycles from the first input word to the last output word, alone and without stalls."""
        ...

    @property
    def sending_cycles(self) -> int:
        """Cycles of these from the first output word to the last."""
        ...

    @property
    def interval_cycles(self) -> int:
        """Cycles from vector to vector, when its neighbours are fast enough."""
        ...

    def layer_cycles(self) -> list[int]:
        """Return the cycles that each layer works on a vector."""
        ...

    def layer_figures(self) -> list[dict[str, int]]:
        """Return what else is known of each layer."""
        ...


class Plan(Protocol):
    """What an engine will do for a run of layers."""

    @property
    def network(self) -> IntNetwork:
        """The layers."""
        ...

    @property
    def entry(self) -> StreamFormat:
        """The stream that the engine reads."""
        ...

    @property
    def egress(self) -> StreamFormat:
        """The stream that the engine writes."""
        ...

    @property
    def resources(self) -> Resources:
        """What it takes of the board's part, estimated, without what adapts its streams to others."""
        ...

    def verify(self) -> None:
        """Raise MismatchError unless the plan computes what the reference does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An engine with settings for a whole network: predicted speed and cost, and the plan where there is one.

    `varied` are the settings in which it differs from the engine's other candidates. Where the engine leaves
    layers to its tail's, `tail` is that for these, and cycles and cost are of both.
    """

    engine: str
    settings: EngineSettings
    latency_cycles: int
    interval_cycles: int
    resources: Resources
    varied: tuple[str, ...] = ()
    plan: Plan | None = None
    tail: "Candidate | None" = None

    @property
    def name(self) -> str:
        """What the caller types to ask for it."""
        parts = (self,) if self.tail is None else (self, self.tail)
        own = [spelled(name, getattr(each.settings, name)) for each in parts for name in each.varied]
        return " ".join([spelled("engine", self.engine), *own])


class Engine(ABC):
    """A way to compute layers; the registry has one of each."""

    name: ClassVar[str]
    settings: ClassVar[type[EngineSettings]] = EngineSettings
    pad_to: ClassVar[int] = 1
    """Hidden widths at its layers grow to a multiple of it."""
    kinds: ClassVar[frozenset[str]] = frozenset({"dense"})
    """The kinds of layer that it computes."""
    adds_residuals: ClassVar[bool] = False
    """Whether it adds a layer's residual to its accumulators."""
    reads_through_relu: ClassVar[bool] = False
    """Whether a layer's values, which others read as they are, can be read with negative ones as zero."""
    tail: ClassVar[str | None] = None
    """The engine of the layers behind those that it computes, where it is asked for all of them."""
    keeps_frames: ClassVar[bool] = False
    """Whether it keeps an episode's latest frames, which the first layer behind a frame stack needs."""
    keeps_state: ClassVar[bool] = False
    """Whether it remembers what layers were last sent, which a network with thresholds needs."""
    takes_rest: ClassVar[bool] = False
    """Whether it grows into what others leave of a part, and so is planned last."""
    behavioural: ClassVar[tuple[str, ...]] = ()
    """What of it is simulated by a model of it: synthesis replaces it by cells of the part."""

    usual: ClassVar[tuple[Any, ...]] = (EngineSettings(),)
    """Settings worth comparing, cheapest first."""
    compared: ClassVar[tuple[Any, ...] | None] = None
    """Those of them that a study builds; all when None."""
    varied: ClassVar[tuple[str, ...]] = ()
    """The settings in which these differ."""

    def refusal(self, layer: Layer) -> str | None:
        """Return why it does not compute a layer; None where it does."""
        beyond = []
        if layer.residual is not None and not self.adds_residuals:
            beyond.append("a residual")
        if layer.pre_relu and not self.reads_through_relu:
            beyond.append("a ReLU before it")
        if layer.kind in self.kinds and not beyond:
            return None
        what = f"a {layer.kind} layer" + (f" with {' and '.join(beyond)}" if beyond else "")
        return f"{layer.name} is {what}, which {spelled('engine', self.name)} does not compute"

    def n_first(self, layers: Sequence[Layer]) -> int:
        """Return how many layers, from the first on, it computes."""
        return next((index for index, layer in enumerate(layers) if self.refusal(layer)), len(layers))

    @abstractmethod
    def candidates(self, network: IntNetwork, board: Board, enough_cycles: float) -> Iterator[Candidate]:
        """Yield the engine at its usual settings, cheapest first, without those that it cannot have.

        It may end with the first that fits the board and answers within `enough_cycles`.
        """

    @abstractmethod
    def plan(
        self, networks: Sequence[IntNetwork], settings: Any, board: Board, taken: Resources
    ) -> tuple[Plan, ...]:
        """Return a plan a network, runs of layers of one policy, where others have `taken` some of the board.

        Raises CompileError, with what would work, when the engine cannot hold them or they do not fit.
        """

    @abstractmethod
    def block(self, plan: Any, source_values: int | None, sink_values: int | None) -> Block:
        """Return a plan's hardware behind words of `source_values` and before words of `sink_values`.

        None is the accelerator's own end: the engine's format.
        """
