"""The Lesion maps dock: label whole images, see where."""
