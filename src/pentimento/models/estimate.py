"""How much memory a picture will take, told before anything is loaded."""

from ..geometry import Size
from .info import ModelInfo

# Rules of thumb: how many tensors of the widest level live at once.
_UNET_TENSORS = 48
_VAE_TENSORS = 6


def memory_estimate(info: ModelInfo, size: Size, *, rows: int = 2, value_bytes: int = 2) -> int:
    """Estimate the peak memory of one run, in bytes.

    Parameters
    ----------
    size : pixels of the picture while it is worked on
    rows : rows of one call of the network: pictures, times two where there is a negative prompt
    value_bytes : 4 for float32, 2 for the half precisions

    Notes
    -----
    Weights, and the larger of two peaks: the network at its first level (attention is never
    held as a matrix), or the autoencoder of one picture at its last but one width.
    """
    unet, vae = info.components["unet"], info.components["vae"]
    cells = size.area / info.downscale**2
    network = rows * cells * unet["block_out_channels"][0] * _UNET_TENSORS
    pixels = size.area * vae["block_out_channels"][:2][-1] * _VAE_TENSORS
    return int((info.parameters + max(network, pixels)) * value_bytes)
