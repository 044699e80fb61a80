"""ONVIF: how network cameras are found."""
