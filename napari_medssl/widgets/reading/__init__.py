"""The Reading room: windows, position, planes, frames and header of the image that is read."""
