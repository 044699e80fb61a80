"""What the models do with pixels; plain NumPy and OpenCV, so that it can be tested without Triton."""
