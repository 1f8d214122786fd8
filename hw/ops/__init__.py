"""FINN ops of our own: what each means, and its RTL backend; a page for each beside its file.

Importing any of them makes FINN know all.
"""

from hw.finn_plugin import register_op
from hw.ops.folded import GanglionFolded, GanglionFolded_rtl
from hw.ops.unrolled import GanglionUnrolled, GanglionUnrolled_rtl

register_op(GanglionFolded, GanglionFolded_rtl)
register_op(GanglionUnrolled, GanglionUnrolled_rtl)
