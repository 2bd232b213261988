"""What the Cohort dock holds: all cases at a glance, the order of review, thumbnails. No Qt.

One subject a file: the cohort on the disk (`desk`), what is there (`state`), opening and import
(`opening`), the current case (`looking`), verdicts and the next case (`reviewing`), which cases
in which order (`arrangement`), and the small pictures (`thumbnails`, `marks`, `pictures`).
"""

from napari_medssl.cohorts.arrangement import Arrangement
from napari_medssl.cohorts.browser import CohortBrowser

__all__ = ["Arrangement", "CohortBrowser"]
