"""FINN ops of our own: what each means, and its RTL backend; a page for each beside its file.

Importing any of them makes FINN know all.
"""

from ganglion.hw.engines.operators.folded import GanglionFolded, GanglionFolded_rtl
from ganglion.hw.engines.operators.unrolled import GanglionUnrolled, GanglionUnrolled_rtl
from ganglion.hw.finn.plugin import register_op

register_op(GanglionFolded, GanglionFolded_rtl)
register_op(GanglionUnrolled, GanglionUnrolled_rtl)
