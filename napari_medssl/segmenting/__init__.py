"""What the Segmentation dock holds: structures, organs, masks of the whole cohort. No Qt.

One subject a file: the heavy part (`contract`, `engine`, `passes`, `net_pass`), organs and their
undo (`organs`), what is there (`structures`), picking (`picking`), masks in the cohort (`masks`,
`everywhere`), corrections (`correcting`, `slices`), and jobs that teach a net (`learning`,
`following`, `learn_job`, `shape_job`, `job_file`).
"""

from napari_medssl.segmenting.segmenter import Segmenter

__all__ = ["Segmenter"]
