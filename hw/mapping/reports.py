"""What hw.json says of a layout."""

from collections.abc import Iterator, Sequence

from ganglion.hw.design.design import LayerReport, SegmentReport
from ganglion.hw.engines.node import EngineNode
from ganglion.hw.mapping.layout import Layout
from ganglion.models.build.codec import encode


def behavioural(layout: Layout) -> tuple[str, ...]:
    """Return what of a layout is simulated by a model of it."""
    return tuple(dict.fromkeys(text for each in layout.placed for text in each.segment.engine.behavioural))


def layer_reports(layout: Layout, nodes: Sequence[str]) -> Iterator[LayerReport]:
    """Yield a report a layer; nodes: the name of the node that completes each."""
    for each in layout.placed:
        figures = zip(each.block.layer_cycles(), each.block.layer_figures(), strict=True)
        for index, (cycles, known) in enumerate(figures, each.segment.first):
            layer = layout.network.spec.layers[index]
            sizes = {"in_features": layer.n_inputs, "out_features": layer.n_outputs}
            yield LayerReport(
                name=layer.name,
                engine=each.segment.engine.name,
                node=nodes[index],
                cycles=cycles,
                figures=sizes | known,
            )


def segment_reports(layout: Layout) -> Iterator[SegmentReport]:
    """Yield a report of each segment that is one node."""
    for each in layout.placed:
        if isinstance(each.block, EngineNode):
            yield SegmentReport(
                engine=each.segment.engine.name,
                first=layout.network.spec.layers[each.segment.first].name,
                in_values=each.block.in_values,
                out_values=each.block.out_values,
                shape=encode(each.block.plan.shape),
                figures=each.block.plan.figures(),
            )
