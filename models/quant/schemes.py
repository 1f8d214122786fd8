"""The schemes by which a policy becomes int8, and what each costs and gives."""

from enum import Enum

UNSUPPORTED = (
    "scheme ptdq has no hardware: it finds the range of every vector of activations at run time, and divides "
    "by it; ptsq, whose scales are powers of two, has"
)


class Scheme(Enum):
    """How weights and activations are rounded to 8 bits, if at all."""

    FLOAT = "float"  # not at all
    PTDQ = "ptdq"  # after training, dynamic: activations by the range of each vector, at run time
    PTSQ = "ptsq"  # after training, static: activations by ranges calibrated once on visited states
    QAT = "qat"  # static, and trained on through the rounding

    @property
    def is_static(self) -> bool:
        """Whether all scales are known beforehand, powers of two: what integers and hardware need."""
        return self in (Scheme.PTSQ, Scheme.QAT)
