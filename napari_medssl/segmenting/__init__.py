"""What the Segmentation dock holds: structures, organs, masks of the whole cohort. No Qt.

One subject a file: the heavy part (`contract`, `engine`, `passes`), organs and their undo
(`organs`), what is there (`structures`), picking (`picking`), masks in the cohort (`masks`,
`everywhere`), corrections (`correcting`, `slices`), and the training job (`learning`, `learn_job`).
"""

from napari_medssl.segmenting.segmenter import Segmenter

__all__ = ["Segmenter"]
