"""Torch on one thread, as fast as float32 goes."""

import torch

_FLOAT32_ERROR = 1e-5


def use_one_fast_thread() -> None:
    """Set torch to one thread and its fastest float32 product, if its error is that of float32.

    "medium" routes to oneDNN, twice as fast here, but may mean bfloat16 on a CPU with AMX.
    """
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.set_float32_matmul_precision("medium")
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 256, 256, generator=generator).unbind()
    exact = a.double() @ b.double()
    error = ((a @ b).double() - exact).abs().max() / exact.abs().max()
    if error > _FLOAT32_ERROR:
        torch.set_float32_matmul_precision("highest")
