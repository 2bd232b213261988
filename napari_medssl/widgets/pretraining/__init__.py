"""The Pretraining dock: start learning in the background, follow it, use what was learned."""
