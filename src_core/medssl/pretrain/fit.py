"""A recipe fitted to a cohort with fewer images than it was made for."""

from __future__ import annotations

from medssl.errors import SettingsError
from medssl.objectives import MocoSettings
from medssl.pretrain.recipe import IMAGE_KINDS, ObjectiveSettings, Recipe


def fit_to_number(recipe: Recipe, images: int) -> tuple[Recipe, list[str]]:
    """Shrink batch and queue of what tells images apart; returns what to say of it.

    A batch holds each image once, and the queue none of the batch's images as long as there are
    others. Visual words are told apart, not images: a batch may show several of one image.

    Parameters
    ----------
    recipe
        As the preset has it.
    images
        Images to train on.

    Raises
    ------
    SettingsError
        If images are to be told apart and there is one.
    """
    kinds = {o.kind for stage in recipe.stages for o in stage.objectives}.intersection(IMAGE_KINDS)
    if not kinds:
        return recipe, []
    if images < 2:
        raise SettingsError(
            "this recipe tells images apart, and there is one usable image. Add images, or take "
            "the recipe ld, or restoration alone (parts res)."
        )
    if kinds == {"visual_words"}:
        return recipe, []
    notes = []
    batch = min(max(2, recipe.batch), images)
    if batch > recipe.batch:
        notes.append(
            f"a step sees {batch} images instead of {recipe.batch}: an image is told from others"
        )
    if batch < recipe.batch:
        notes.append(f"a step sees {batch} images instead of {recipe.batch}: there are no more")
    queue = max(batch, images - batch)
    wanted = [o.queue for s in recipe.stages for o in s.objectives if o.kind == "moco"]
    if wanted and queue < max(wanted):
        notes.append(
            f"the queue holds {queue} keys instead of {max(wanted)}: there are {images} images"
        )

    def fitted(objective: ObjectiveSettings) -> ObjectiveSettings:
        if not isinstance(objective, MocoSettings) or objective.queue <= queue:
            return objective
        return objective.model_copy(update={"queue": queue})

    stages = tuple(
        stage.model_copy(
            update={
                "objectives": tuple(map(fitted, stage.objectives)),
                "batch": stage.batch and min(max(2, stage.batch), images),
            }
        )
        for stage in recipe.stages
    )
    return recipe.model_copy(update={"batch": batch, "stages": stages}), notes
