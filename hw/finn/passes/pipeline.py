"""What a pass is, and how a tuple of them runs with a check after each."""

from collections.abc import Callable
from typing import ClassVar, Protocol

from ganglion.hw.finn.plugin import FINNError, ModelWrapper
from ganglion.models.build.errors import CompileError

Check = Callable[[str, ModelWrapper], None]


class Pass(Protocol):
    """A step of the compiler: a frozen value that turns one graph into another with the same integers."""

    name: ClassVar[str]

    def apply(self, model: ModelWrapper) -> ModelWrapper:
        """Return the transformed graph; the given one may be changed too."""
        ...


def run_passes(model: ModelWrapper, passes: tuple[Pass, ...], check: Check) -> ModelWrapper:
    """Return `model` after all passes, `check(name, graph)` having accepted the graph after each.

    An error that FINN words for its users becomes a CompileError naming the pass.
    """
    for each in passes:
        try:
            model = each.apply(model)
        except FINNError as error:
            raise CompileError(f"pass {each.name}: FINN: {' '.join(str(error).split())}") from error
        check(each.name, model)
    return model
