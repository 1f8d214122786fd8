"""The observation quantizer and the mean's scale are the host's; the accelerator deals in integers."""

from dataclasses import dataclass
from typing import ClassVar

from ganglion.hw.finn.passes.graph import chain, producer
from ganglion.hw.finn.plugin import DataType, ModelWrapper, RemoveUnusedTensors
from ganglion.models.build.errors import CompileError
from ganglion.models.spec.types import IntType


@dataclass(frozen=True, slots=True, kw_only=True)
class StripHostEnds:
    """Drops the first MultiThreshold and the last Mul; the graph then maps `input_type` to integers."""

    name: ClassVar[str] = "strip host ends"
    input_type: IntType

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return the integer part of the graph; CompileError if it does not begin with a quantizer."""
        first, *_, last = chain(model)
        if first.op_type != "MultiThreshold":
            raise CompileError(f"{first.name}: expected the observation quantizer first, got {first.op_type}")
        entry, after = model.get_first_global_in(), first.output[0]
        for consumer in model.find_consumers(after):
            consumer.input[0] = entry
        model.graph.node.remove(first)
        model.set_tensor_datatype(entry, DataType[self.input_type.name])
        if last.op_type == "Mul":
            before, exit_ = producer(model, last.input[0]), model.get_first_global_out()
            integer_type = model.get_tensor_datatype(last.input[0])
            model.graph.node.remove(last)
            before.output[0] = exit_
            model.set_tensor_datatype(exit_, integer_type)
        return model.transform(RemoveUnusedTensors())
