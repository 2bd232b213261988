"""Dense encoders: U-Nets in 2-D and 3-D, one implementation."""

from medssl.nets.architecture import Architecture
from medssl.nets.parts import NetOutputs, Parts
from medssl.nets.unet import DenseNet, build_net, normalise_input

__all__ = ["Architecture", "DenseNet", "NetOutputs", "Parts", "build_net", "normalise_input"]
