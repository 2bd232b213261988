"""Dense encoders: U-Nets in 2-D and 3-D, one implementation."""

from medssl.nets.architecture import Architecture
from medssl.nets.families import Family, in_family
from medssl.nets.parts import NetOutputs, Parts
from medssl.nets.unet import DenseNet, build_net, normalise_input, take_over

__all__ = [
    "Architecture",
    "DenseNet",
    "Family",
    "NetOutputs",
    "Parts",
    "build_net",
    "in_family",
    "normalise_input",
    "take_over",
]
