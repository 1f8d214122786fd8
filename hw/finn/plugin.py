"""The only door to FINN and qonnx: passes import names from here; quirks are those of finn-plus 1.6.1."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import finn
import finn.custom_op.fpgadataflow as _hardware_ops
import finn.custom_op.fpgadataflow.rtl as _rtl_ops
from finn.core.onnx_exec import execute_onnx
from finn.custom_op.fpgadataflow.hwcustomop import HWCustomOp
from finn.custom_op.fpgadataflow.rtlbackend import RTLBackend
from finn.interface.settings import FINNSettings
from finn.transformation.fpgadataflow.convert_to_hw.conv_inp_gen import InferConvInpGen
from finn.transformation.fpgadataflow.convert_to_hw.quantized_matrix_vector_activation import (
    InferQuantizedMatrixVectorActivation,
)
from finn.transformation.fpgadataflow.convert_to_hw.requant import InferRequantLayer
from finn.transformation.fpgadataflow.insert_dwc import InsertDWC
from finn.transformation.fpgadataflow.insert_fifo import InsertFIFO
from finn.transformation.fpgadataflow.prepare_ip import PrepareIP
from finn.transformation.fpgadataflow.specialize_layers import SpecializeLayers
from finn.transformation.move_reshape import RemoveCNVtoFCFlatten
from finn.transformation.qonnx.convert_qonnx_to_finn import ConvertQONNXtoFINN
from finn.transformation.streamline import Streamline
from finn.transformation.streamline.absorb import (
    AbsorbConsecutiveTransposes,
    AbsorbScalarBiasIntoMultiThreshold,
    AbsorbTransposeIntoMultiThreshold,
)
from finn.util import settings as _finn_settings
from finn.util.exception import FINNError
from onnx import NodeProto
from qonnx.core.data_layout import NHWC
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.fold_constants import FoldConstants
from qonnx.transformation.general import (
    GiveReadableTensorNames,
    GiveUniqueNodeNames,
    RemoveStaticGraphInputs,
    RemoveUnusedTensors,
    SortGraph,
)
from qonnx.transformation.infer_datatypes import InferDataTypes
from qonnx.transformation.infer_shapes import InferShapes
from qonnx.transformation.lower_convs_to_matmul import LowerConvsToMatMul
from qonnx.transformation.remove import RemoveIdentityOps
from qonnx.util.cleanup import cleanup_model

HARDWARE_DOMAIN = "finn.custom_op.fpgadataflow"

# qonnx takes an addend below 1e-5 for zero and drops it: the biases of a policy whose scales are fine.
RemoveIdentityOps.__init__.__defaults__ = (0.0,)


def register_op(op: type[HWCustomOp], backend: type[RTLBackend]) -> None:
    """Make FINN and qonnx know an op of ours and its RTL backend, whose class is named <op>_rtl."""
    _hardware_ops.register_custom_op(op)
    _rtl_ops.register_custom_op(backend)


def rtllib() -> Path:
    """Return the folder of the RTL that the installed FINN carries."""
    return Path(finn.__file__).parent / "finn-rtllib"


def use_build_folder(folder: Path) -> None:
    """Make FINN generate into `folder`, made if missing, whatever FINN_* the user's environment holds.

    FINN would otherwise demand FINN_BUILD_DIR and make ~/.finn.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _finn_settings._SETTINGS = FINNSettings.init(
        override_settings_path=folder / "settings.yaml",
        flow_config=folder / "flow.yaml",
        auto_set_environment_vars=False,
        finn_build_dir=str(folder.resolve()),
        finn_rtllib=str(rtllib()),
    )


@contextlib.contextmanager
def quietly(log: Path) -> Iterator[None]:
    """Send what FINN and qonnx print and warn to the file `log` while the block runs.

    Among it: qonnx warns that signed MultiThreshold outputs leave their type; their offset is another node.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file, contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
        yield


def is_rtl(node: NodeProto) -> bool:
    """Return whether FINN builds this node from RTL alone, with no high-level synthesis."""
    return node.domain == f"{HARDWARE_DOMAIN}.rtl"
