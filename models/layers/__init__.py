"""The kinds of layer: a module each, which says all that its kind means, from shapes to QONNX."""

from ganglion.models.layers.conv2d import Conv2d
from ganglion.models.layers.dense import Dense
from ganglion.models.layers.layer import KINDS, Layer, register
from ganglion.models.layers.max_pool2d import MaxPool2d

__all__ = ["KINDS", "Conv2d", "Dense", "Layer", "MaxPool2d", "register"]
