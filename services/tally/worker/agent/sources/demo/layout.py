"""The counting line and the zone that the demo camera comes with."""

from typing import Final

from tally.counting import Line, Zone

DEMO_LINES: Final = (
    # Upwards through the middle: walking to the right is in.
    Line("Promenade", ((0.5, 0.97), (0.5, 0.27))),
)
DEMO_ZONES: Final = (
    # The ring of stones in the paving.
    Zone(
        "Mosaic",
        polygon=(
            (0.27, 0.62), (0.3, 0.515), (0.4, 0.455), (0.5, 0.445), (0.6, 0.455), (0.7, 0.515),
            (0.73, 0.62), (0.685, 0.735), (0.59, 0.795), (0.5, 0.81), (0.41, 0.795), (0.315, 0.735),
        ),
    ),
)  # fmt: skip
