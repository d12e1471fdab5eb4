"""sRGB to CIELAB and back, for batches of images, and the scales that networks use.

CIELAB of the D65 white and the 2 degree observer (CIE 15:2004), sRGB of IEC 61966-2-1, with the
constants of scikit-image, with which the tests compare it.
"""

from collections.abc import Sequence

import torch

XYZ_OF_RGB = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
RGB_OF_XYZ = torch.linalg.inv(torch.tensor(XYZ_OF_RGB, dtype=torch.float64)).tolist()
WHITE = (0.95047, 1.0, 1.08883)
# Lightness is linear below this fraction of white, and a cube root above it.
LINEAR = 0.008856


def rgb_to_lab(rgb: torch.Tensor) -> torch.Tensor:
    """Convert sRGB to CIELAB.

    Parameters
    ----------
    rgb : Tensor, shape (B, 3, H, W)
        Red, green, blue, 0 to 1.

    Returns
    -------
    Tensor, shape (B, 3, H, W)
        L, 0 to 100, then a and b, within -128 to 128.
    """
    light = _light(rgb)
    roots = []
    for fraction in (_times(XYZ_OF_RGB, light) / _white(light)).unbind(1):
        root = fraction.clamp(min=LINEAR).pow_(1 / 3)
        roots.append(torch.where(fraction > LINEAR, root, 7.787 * fraction + 16 / 116))
    x, y, z = roots
    return torch.stack([116 * y - 16, (x - y).mul_(500), (y - z).mul_(200)], dim=1)


def lab_to_rgb(lab: torch.Tensor) -> torch.Tensor:
    """Convert CIELAB to sRGB; colours outside the gamut of sRGB are clipped per channel.

    Parameters
    ----------
    lab : Tensor, shape (B, 3, H, W)
        L, 0 to 100, then a and b.

    Returns
    -------
    Tensor, shape (B, 3, H, W)
        Red, green, blue, 0 to 1.
    """
    return _rgb(_light_of_lab(lab)).clamp(0, 1)


def with_lightness_of(image: torch.Tensor, ab: torch.Tensor) -> torch.Tensor:
    """Give an image other a and b, as far as sRGB has them; its lightness stays.

    A colour outside the gamut is mixed with the gray of its lightness until it is inside. Light
    adds up, so that mixing does not change lightness as clipping would.

    Parameters
    ----------
    image : Tensor, shape (B, 3, H, W)
        sRGB, 0 to 1.
    ab : Tensor, shape (B, 2, H, W)
        The a and b wanted.

    Returns
    -------
    Tensor, shape (B, 3, H, W)
        sRGB, 0 to 1.
    """
    light = _light_of_lab(torch.cat([rgb_to_lab(image)[:, :1], ab], dim=1))
    gray = _times(XYZ_OF_RGB, light)[:, 1:2].clamp(0, 1)
    colour = light - gray
    # how much of the colour each channel has room for
    room = torch.where(colour > 0, 1 - gray, gray) / colour.abs().clamp(min=1e-12)
    return _rgb(gray + room.amin(dim=1, keepdim=True).clamp(max=1) * colour).clamp(0, 1)


def lightness(gray: torch.Tensor) -> torch.Tensor:
    """Return the lightness L, 0 to 100, of gray sRGB values (B, 1, H, W)."""
    return rgb_to_lab(gray.expand(-1, 3, -1, -1))[:, :1]


def lightness_to_unit(lightness: torch.Tensor) -> torch.Tensor:
    """Scale L to 0..1."""
    return lightness / 100


def ab_to_signed(ab: torch.Tensor) -> torch.Tensor:
    """Scale a and b to -1..1."""
    return ab / 128


def ab_from_signed(scaled: torch.Tensor) -> torch.Tensor:
    """Undo `ab_to_signed`."""
    return scaled * 128


def ab_to_unit(ab: torch.Tensor) -> torch.Tensor:
    """Scale a and b to 0..1."""
    return (ab + 128) / 255


def ab_from_unit(scaled: torch.Tensor) -> torch.Tensor:
    """Undo `ab_to_unit`."""
    return scaled * 255 - 128


def _light(rgb: torch.Tensor) -> torch.Tensor:
    """Decode sRGB to light."""
    # In place where possible: allocating memory costs as much as the arithmetic.
    curved = rgb.clamp(min=0).add_(0.055).div_(1.055).pow_(2.4)
    return torch.where(rgb > 0.04045, curved, rgb / 12.92)


def _rgb(light: torch.Tensor) -> torch.Tensor:
    """Encode light as sRGB."""
    curved = 1.055 * light.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(light > 0.0031308, curved, 12.92 * light)


def _light_of_lab(lab: torch.Tensor) -> torch.Tensor:
    """Convert CIELAB to light of red, green and blue, below 0 or above 1 outside the gamut."""
    lightness, a, b = lab.unbind(1)
    y = (lightness + 16) / 116
    root = torch.stack([y + a / 500, y, (y - b / 200).clamp(min=0)], dim=1)
    fraction = torch.where(root > LINEAR ** (1 / 3), root**3, (root - 16 / 116) / 7.787)
    return _times(RGB_OF_XYZ, fraction * _white(fraction))


def _white(like: torch.Tensor) -> torch.Tensor:
    return like.new_tensor(WHITE).view(3, 1, 1)


def _times(matrix: Sequence[Sequence[float]], x: torch.Tensor) -> torch.Tensor:
    """Multiply channels by a matrix; as sums, whose precision autocast does not change."""
    red, green, blue = x.unbind(1)
    rows = [(red * row[0]).add_(green, alpha=row[1]).add_(blue, alpha=row[2]) for row in matrix]
    return torch.stack(rows, dim=1)
