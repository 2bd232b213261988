"""Anatomical phantoms: made-up images with known landmarks, masks and lesions."""

from medssl.phantom.case import Phantom
from medssl.phantom.chest import make_chest
from medssl.phantom.cohort import PhantomFolder, write_cohort
from medssl.phantom.volume import make_volume

__all__ = ["Phantom", "PhantomFolder", "make_chest", "make_volume", "write_cohort"]
