"""The methods and efforts that can be chosen, in a person's words.

A method is one entry of `METHODS`; its variants' keys are the `recipe` of
`medssl.pretrain.PretrainSettings`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """A way in which a method is done.

    Parameters
    ----------
    recipe
        Name in the settings.
    title
        In a word or two.
    gives
        One line: when to choose it.
    """

    recipe: str
    title: str
    gives: str


@dataclass(frozen=True)
class Method:
    """A way to learn from images without labels.

    Parameters
    ----------
    title
        What it learns, in a word or two.
    short
        Its name in the literature.
    gives
        One line: what a person has of it, what it costs.
    variants
        How it can be done; the first is what it is unless a person chooses another.
    """

    title: str
    short: str
    gives: str
    variants: tuple[Variant, ...]

    @property
    def recipe(self) -> str:
        """Name of the first variant in the settings."""
        return self.variants[0].recipe

    def knows(self, recipe: str) -> bool:
        """Whether a recipe is one of its variants."""
        return any(variant.recipe == recipe for variant in self.variants)


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
        "Local structure",
        "LD",
        "Learns what each place looks like: for landmarks and structures. "
        "Needs a few dozen images of one body part and view.",
        (Variant("ld", "Places", "Patches or points are told apart."),),
    ),
    Method(
        "Whole image",
        "DiRA",
        "Learns to tell images apart and to restore what was distorted: for classes and outlines "
        "from few labels.",
        (
            Variant(
                "dira-barlow",
                "Barlow Twins",
                "Needs no memory of other images: for small cohorts and very few labels.",
            ),
            Variant(
                "dira-moco",
                "MoCo",
                "The paper's choice, for many images; look whether it says that it has collapsed.",
            ),
            Variant(
                "dira-simsiam",
                "SimSiam",
                "The cheapest; look whether it says that it has collapsed.",
            ),
            Variant(
                "dira-visual-words",
                "Visual words",
                "For volumes of one body part in one position: learns which place of the body it "
                "sees, from places that similar patients share.",
            ),
        ),
    ),
    Method(
        "Both",
        "LD + DiRA",
        "Learns both on one net: for landmarks and for what is said of whole images.",
        (Variant("ld+dira", "Places and Barlow Twins", "Takes the longest a step."),),
    ),
)
EFFORTS: tuple[Effort, ...] = (
    Effort("quick", "Quick · 8 min", "A first model of images of one kind."),
    Effort("standard", "Standard · 45 min", "Taught longer: steadier where images vary."),
    Effort(
        "paper", "Paper · hours", "The published net and schedule; a GPU takes hours, a CPU days."
    ),
)


def method_of(recipe: str) -> Method:
    """Find the method of a recipe; an unknown one is named by it."""
    found = (method for method in METHODS if method.knows(recipe))
    return next(found, Method(recipe, recipe.upper(), "", (Variant(recipe, recipe, ""),)))


def effort_of(preset: str) -> Effort:
    """Find an effort by its key; an unknown one is named by it."""
    known = {effort.preset: effort for effort in EFFORTS}
    return known.get(preset, Effort(preset, preset, ""))
