"""Anatomical phantoms: made-up images with known landmarks, masks and lesions."""

from medssl.phantom.case import Phantom
from medssl.phantom.chest import make_chest

__all__ = ["Phantom", "make_chest"]
