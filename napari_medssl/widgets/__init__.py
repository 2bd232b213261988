"""Docks of the plugin and the parts that they are made of."""
