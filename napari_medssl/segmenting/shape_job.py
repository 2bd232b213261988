"""The job that finds an organ from masks that belong to none of the images."""

from __future__ import annotations

from pathlib import Path

from napari_medssl.segmenting.learn_job import Wanted, by_stem, images_of


def start_shape(wanted: Wanted, prior: Path) -> Path:
    """Start the job; give its run folder.

    Parameters
    ----------
    wanted
        Cohort, organ and device.
    prior
        Folder of masks of the organ's shape, of other images.

    Raises
    ------
    medssl.errors.MedsslError
        If two images share a name, or the run folder cannot be written.
    """
    from medssl.cohort import Cohort
    from medssl.embed.dimension import choose_ndim
    from medssl.jobs import ShapeRequest, create_job
    from medssl.runs import start_job
    from medssl.segment.shape_guided import ShapeSettings

    with Cohort.open(wanted.cohort) as cohort:
        sources = [case.source() for case in by_stem(cohort.cases()).values()]
    ndim = choose_ndim(sources)
    request = ShapeRequest(
        name=f"{wanted.organ} in {wanted.cohort.stem}",
        images=images_of(wanted.cohort),
        prior=str(prior),
        settings=ShapeSettings.preset("quick", 3 if ndim == 3 else 2, device=wanted.device),
    )
    run = create_job(request)
    start_job(run)
    return run
