"""Width converters and FIFOs join the nodes' streams."""

from dataclasses import dataclass
from typing import ClassVar

from hw.finn_plugin import GiveReadableTensorNames, InsertDWC, InsertFIFO, ModelWrapper
from hw.passes.specialize import SpecializeToRtl


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectStreams:
    """FINN's converters where lanes differ, and smallest FIFOs between all nodes, which cut ready paths."""

    name: ClassVar[str] = "connect"
    part: str

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return the complete graph of *_rtl nodes, named by kind and position."""
        model = model.transform(InsertDWC()).transform(InsertFIFO(create_shallow_fifos=True))
        return SpecializeToRtl(part=self.part).apply(model).transform(GiveReadableTensorNames())
