"""Noise with the spectrum and the palette of the known part of a picture."""

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Complexes = NDArray[np.complex128]


def shaped_noise(image: Reals, mask: Reals, fall_off: float, color_variation: float, rng: np.random.Generator) -> Reals:
    """Put noise under the mask that continues the picture's features.

    Parameters
    ----------
    image : [H, W, 3] in 0..1
    mask : [H, W] in 0..1, 1 = noise
    fall_off : exponent on the picture's spectrum; lower = more detail
    color_variation : 0 = grey noise, 1 = each channel its own
    rng : where the noise comes from

    Notes
    -----
    The spectrum of the known part (the unknown filled with the average) shapes white noise
    in amplitude and phase; the histogram of every channel is then that of the known part.
    Method of C. Friesen (g-diffuser-bot, September 2022, Unlicense), which A1111's
    "Outpainting mk2" uses too.
    """
    weight = mask[..., np.newaxis]
    unknown, known = mask > 1e-6, mask < 1e-3
    windowed = image * (1 - weight)
    windowed = windowed / max(float(windowed.max()), 1e-12) + image.mean() * weight
    source = _to_spectrum(windowed)
    amplitude = np.abs(source)
    phase = source / np.maximum(amplitude, 1e-300)
    noise = rng.random(image.shape)
    grey = noise.sum(axis=2, keepdims=True) / 3
    noise = noise * color_variation + (1 - color_variation) * grey
    soft = np.real(_from_spectrum(_to_spectrum(noise) * _window(*mask.shape)[..., np.newaxis]))
    shaped = np.real(_from_spectrum(np.abs(_to_spectrum(soft)) ** 2 * amplitude**fall_off * phase))
    shaped -= shaped.min()
    shaped /= max(float(shaped.max()), 1e-12)
    if unknown.any() and known.any():
        for channel in range(image.shape[2]):
            shaped[unknown, channel] = _matched(shaped[unknown, channel], image[known, channel])
    return np.clip(image * (1 - weight) + shaped * weight, 0, 1)


def _to_spectrum(planes: Reals) -> Complexes:
    shifted = np.fft.fftshift(planes, axes=(0, 1))
    return np.fft.ifftshift(np.fft.fft2(shifted, axes=(0, 1), norm="ortho"), axes=(0, 1))


def _from_spectrum(planes: Complexes) -> Complexes:
    shifted = np.fft.fftshift(planes, axes=(0, 1))
    return np.fft.ifftshift(np.fft.ifft2(shifted, axes=(0, 1), norm="ortho"), axes=(0, 1))


def _window(rows: int, columns: int) -> Reals:
    """Weigh frequencies: 1 at the centre, falling as the inverse square along each axis."""
    shorter = min(rows, columns)
    down, across = ((np.arange(count) / count * 2 - 1) * (count / shorter) for count in (rows, columns))
    return 1 / np.outer(down**2 + 1, across**2 + 1)


def _matched(values: Reals, wanted: Reals) -> Reals:
    """Map values so that their cumulative histogram becomes that of `wanted`."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    levels, wanted_counts = np.unique(wanted, return_counts=True)
    own = np.cumsum(counts) / values.size
    return np.interp(own, np.cumsum(wanted_counts) / wanted.size, levels)[places]
