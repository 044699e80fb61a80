"""The counting engine: detections in, crossings and visits out. Pure: no I/O, no clock."""
