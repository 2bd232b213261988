"""The Lesion maps dock: labels of whole images, what learned from them, and its maps."""
