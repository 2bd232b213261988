"""The group "Protocol" of the Landmarks dock."""
