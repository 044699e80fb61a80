"""The shared kernel: what every bounded context needs and none of them owns."""
