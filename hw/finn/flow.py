"""A laid-out policy becomes a design: FINN's passes and ours, the graph checked after each, then files."""

from pathlib import Path

import numpy as np

from ganglion.hw.design.design_files import DesignFiles, write_files
from ganglion.hw.engines.dense.plan import DensePlan
from ganglion.hw.engines.dense.shape import weight_matrix
from ganglion.hw.finn.golden_check import golden_check
from ganglion.hw.finn.passes.connect import ConnectStreams
from ganglion.hw.finn.passes.convert import ConvertToHardware
from ganglion.hw.finn.passes.fold import ApplyFolding
from ganglion.hw.finn.passes.generate import GenerateRtl
from ganglion.hw.finn.passes.graph import hardware_nodes
from ganglion.hw.finn.passes.infer import InferNodes
from ganglion.hw.finn.passes.lower import Lower
from ganglion.hw.finn.passes.lower_convolutions import LowerConvolutions
from ganglion.hw.finn.passes.pin import FinnLayer, PinConstants
from ganglion.hw.finn.passes.pipeline import Pass, run_passes
from ganglion.hw.finn.passes.specialize import SpecializeToRtl
from ganglion.hw.finn.passes.streamline import MoveScales
from ganglion.hw.finn.plugin import ModelWrapper, quietly, rtllib, use_build_folder
from ganglion.hw.mapping.layout import Layout
from ganglion.models.formats.qonnx_writer import qonnx_model

# Vectors executed after every pass: enough to meet the corners, few enough to take seconds.
CHECKED_VECTORS = 16


def passes_of(layout: Layout, folder: Path) -> tuple[Pass, ...]:
    """Return the pipeline from QONNX to RTL generated in `folder`; only FINN's own layers need its middle."""
    board, finn_layers = layout.board, _finn_layers(layout)
    finn: tuple[Pass, ...] = (
        Lower(),
        MoveScales(),
        *((LowerConvolutions(),) if any(folding.shape.window for folding in layout.foldings) else ()),
        ConvertToHardware(),
        PinConstants(layers=finn_layers),
    )
    return (
        InferNodes(spec=layout.network.spec, placed=layout.placed),
        *(finn if finn_layers else ()),
        SpecializeToRtl(part=board.part),
        *((ApplyFolding(foldings=layout.foldings),) if finn_layers else ()),
        ConnectStreams(part=board.part),
        GenerateRtl(nodes=layout.nodes, folder=folder, part=board.part, clock_ns=board.clock_ns),
    )


def _finn_layers(layout: Layout) -> tuple[FinnLayer, ...]:
    plans = [each.block for each in layout.placed if isinstance(each.block, DensePlan)]
    return tuple(
        FinnLayer(
            spec=plan.network.spec.layers[index],
            weight=weight_matrix(plan.network, index),
            bias=plan.network.biases[index],
            folding=folding,
        )
        for plan in plans
        for index, folding in enumerate(plan.foldings)
    )


def build(
    golden: dict[str, np.ndarray],
    layout: Layout,
    folder: Path,
    skip_patches: frozenset[str] = frozenset(),
) -> DesignFiles:
    """Make rtl/ and mem/ in the empty `folder`, checking after every pass, and return what they hold.

    The graph is the QONNX of the layout's network: the policy's, padded. golden: the policy's vectors.
    skip_patches: RTL patches left out, by name. Raises CompileError and MismatchError. FINN's chatter goes to
    finn.log in that folder.
    """
    use_build_folder(folder / "finn")
    with quietly(folder / "finn.log"):
        check = golden_check(layout.network.spec, golden, CHECKED_VECTORS)
        model = ModelWrapper(qonnx_model(layout.network))
        check("read", model)
        model = run_passes(model, passes_of(layout, folder / "nodes"), check)
    widths = [golden[layer.name][0].size for layer in layout.network.spec.layers]
    return write_files(hardware_nodes(model), layout.network.spec, widths, folder, rtllib(), skip_patches)
