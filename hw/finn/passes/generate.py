"""FINN writes each node's Verilog wrapper and parameter memories."""

from dataclasses import dataclass
from typing import ClassVar

from ganglion.hw.finn.plugin import ModelWrapper, PrepareIP


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateRtl:
    """Code generation for `part` at `clock_ns`, into the folder given to finn_plugin.use_build_folder."""

    name: ClassVar[str] = "generate"
    part: str
    clock_ns: float

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return the graph whose nodes know the folder of their generated files."""
        return model.transform(PrepareIP(self.part, self.clock_ns))
