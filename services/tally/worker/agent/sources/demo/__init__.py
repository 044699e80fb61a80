"""The demo camera: a rendered square with people on it, whose truth is known exactly."""
