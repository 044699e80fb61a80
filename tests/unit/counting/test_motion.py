"""The batched filter is the textbook's Kalman filter."""

import numpy as np
from numpy.random import default_rng

from tally.counting import MotionConfig
from tally.counting.motion import MOTION_FIELDS, MotionModel, correct


def test_it_equals_the_filter_in_matrices() -> None:
    config = MotionConfig(position_noise=0.05, acceleration=0.5, initial_speed=1.0)
    model, random = MotionModel(config), default_rng(1)
    tracks = np.zeros(1, MOTION_FIELDS)
    height = 80.0
    model.start(tracks, np.array([[100.0, 50.0, 30.0, height]]))
    mean = np.array([100.0, 0.0])
    spread = np.diag([(0.05 * height) ** 2, height**2])

    for k in range(1, 50):
        step = random.uniform(0.02, 0.5)
        scale = tracks["position"][0, 3]
        move = np.array([[1.0, step], [0.0, 1.0]])
        noise = np.array([[step**3 / 3, step**2 / 2], [step**2 / 2, step]]) * (0.5 * scale) ** 2
        mean, spread = move @ mean, move @ spread @ move.T + noise
        model.predict(tracks, step)

        measured = np.array([100.0 + 8 * k + random.normal(0, 3), 50.0, 30.0, height])
        gain = spread[:, 0] / (spread[0, 0] + (0.05 * height) ** 2)
        mean = mean + gain * (measured[0] - mean[0])
        spread = spread - np.outer(gain, spread[0])
        correct(tracks[0], measured, model.measurement)

        np.testing.assert_allclose([tracks["position"][0, 0], tracks["velocity"][0, 0]], mean)
        np.testing.assert_allclose(tracks["position_variance"][0, 0], spread[0, 0])
        np.testing.assert_allclose(tracks["covariance"][0, 0], spread[0, 1])
        np.testing.assert_allclose(tracks["velocity_variance"][0, 0], spread[1, 1])


def test_two_steps_are_one_long_step() -> None:
    model = MotionModel(MotionConfig())
    once, twice = np.zeros(1, MOTION_FIELDS), np.zeros(1, MOTION_FIELDS)
    for tracks in (once, twice):
        model.start(tracks, np.array([[10.0, 10.0, 5.0, 20.0]]))
        tracks["velocity"] = [[3.0, -2.0, 0.0, 0.0]]

    model.predict(once, 0.7)
    model.predict(twice, 0.3)
    model.predict(twice, 0.4)

    for name in once.dtype.names or ():
        np.testing.assert_allclose(once[name], twice[name])


def test_size_does_not_go_on_changing_out_of_sight() -> None:
    model = MotionModel(MotionConfig())
    tracks = np.zeros(1, MOTION_FIELDS)
    model.start(tracks, np.array([[10.0, 10.0, 5.0, 20.0]]))
    for height in (19.0, 17.0, 14.0, 10.0):
        model.predict(tracks, 0.1)
        correct(tracks[0], np.array([10.0, 10.0, 5.0, height]), model.measurement)
    before = tracks["position"][0, 2:].copy()

    model.predict(tracks, 2.0)

    np.testing.assert_array_equal(tracks["position"][0, 2:], before)
