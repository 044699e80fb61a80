"""The counting engine: detections in, tracks, crossings and zone visits out. Pure: no I/O, no clock."""
