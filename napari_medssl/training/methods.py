"""The methods and efforts that can be chosen, in a person's words.

A method is one entry of `METHODS`: its key is the `recipe` of `medssl.pretrain.PretrainSettings`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """A way to learn from images without labels.

    Parameters
    ----------
    recipe
        Name in the settings.
    title
        What it learns, in a word or two.
    short
        Its name in the literature.
    gives
        One line: what a person has of it, what it costs.
    """

    recipe: str
    title: str
    short: str
    gives: str


@dataclass(frozen=True)
class Effort:
    """How long to learn.

    Parameters
    ----------
    preset
        Name in the settings.
    title
        A word and a time.
    gives
        One line: what it is enough for.
    """

    preset: str
    title: str
    gives: str


METHODS: tuple[Method, ...] = (
    Method(
        "ld",
        "Local structure",
        "LD",
        "Learns what each place looks like: for landmarks and structures. "
        "Needs a few dozen images of one body part and view.",
    ),
    Method(
        "dira-moco",
        "Whole images, restored",
        "DiRA · MoCo",
        "Learns to tell images apart and to restore what was distorted: for classification and "
        "segmentation with a quarter of the labels or more.",
    ),
    Method(
        "dira-barlow",
        "Whole images, restored",
        "DiRA · Barlow Twins",
        "The same for very few labels or small cohorts: it needs no memory of other images.",
    ),
    Method(
        "dira-simsiam",
        "Whole images, restored",
        "DiRA · SimSiam",
        "The same, cheapest; look whether it says that it has collapsed.",
    ),
    Method(
        "dira-visual-words",
        "Whole images, restored",
        "DiRA · visual words",
        "The same for volumes of one body part in one position: learns which place of the body it "
        "sees, from places that similar patients share.",
    ),
    Method(
        "ld+dira",
        "Places and whole images",
        "LD + DiRA",
        "Learns both on one net: for landmarks and for what is said of whole images.",
    ),
)
EFFORTS: tuple[Effort, ...] = (
    Effort("quick", "Quick · 8 min", "Enough for landmarks in images of one kind."),
    Effort("standard", "Standard · 45 min", "Taught longer: steadier where images vary."),
    Effort(
        "paper", "Paper · hours", "The published net and schedule; a GPU takes hours, a CPU days."
    ),
)


def method_of(recipe: str) -> Method:
    """Find a method by its key; an unknown one is named by it."""
    known = {method.recipe: method for method in METHODS}
    return known.get(recipe, Method(recipe, recipe, recipe.upper(), ""))


def effort_of(preset: str) -> Effort:
    """Find an effort by its key; an unknown one is named by it."""
    known = {effort.preset: effort for effort in EFFORTS}
    return known.get(preset, Effort(preset, preset, ""))
