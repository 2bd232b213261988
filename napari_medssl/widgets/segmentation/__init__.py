"""The Segmentation dock: structures without an outline, picked, found everywhere, corrected."""
