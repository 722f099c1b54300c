"""Golden values of images: /usr/bin/python3 test/golden/make-images.py (Debian's python3-torch 1.13 and python3-scipy), float64.

images.json, in the format of make.py: affine by torch's grid_sample of affine_grid; turned and enlarged images by scipy, in pixels; colours by
Python's colorsys.
"""
import colorsys
import math

import numpy
import torch
from scipy import ndimage
from torch.nn import functional

from calls import write
from make import case, f64, real


def affine(mode, padding, size=None):
    def of(x, theta):
        shape = [*x.shape[:2], *(size or x.shape[2:])]
        grid = functional.affine_grid(theta, shape, align_corners=False)
        return functional.grid_sample(x, grid, mode=mode, padding_mode=padding, align_corners=False)
    return of


def filled(mode, *fill):
    """What is outside is `fill`, one number or one a channel: images without it, whose outside is 0, with it again."""
    colour = lambda x: f64(fill).reshape(1, -1, 1, 1).expand(1, x.shape[1], 1, 1)
    return lambda x, theta: affine(mode, "zeros")(x - colour(x), theta) + colour(x)


def maps(n):
    """Turned, sheared, shrunk or enlarged, and shifted; no place is in the middle of two pixels, where the nearest is a matter of rounding."""
    return real(n, 2, 3) * 0.37 + 0.013 + f64([[1, 0, 0], [0, 1, 0]])


def in_pixels(matrix, outside=0.0):
    """What stands at `matrix` times the place in rows and columns from the middle on."""
    def of(x):
        middle = (numpy.array(x.shape[2:]) - 1) / 2
        offset = middle - matrix @ middle
        planes = x.detach().numpy().reshape(-1, *x.shape[2:])
        turn = lambda plane: ndimage.affine_transform(plane, matrix, offset, order=1, mode="grid-constant", cval=outside)
        return torch.tensor(numpy.stack([turn(plane) for plane in planes]).reshape(x.shape))
    return lambda x: case(of, x, order=0)


def turned(degrees, outside=0.0):
    """Counterclockwise, rows going down: what comes to (row, column) was at the angle's place the other way around."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return in_pixels(numpy.array([[c, s], [-s, c]]), outside)


def by_pixel(change):
    def of(x):
        colours = x.detach().permute(0, 2, 3, 1).reshape(-1, 3).tolist()
        found = torch.tensor([change(*colour) for colour in colours], dtype=torch.float64)
        n, _, h, w = x.shape
        return found.reshape(n, h, w, 3).permute(0, 3, 1, 2)
    return of


def hue(shift):
    def change(r, g, b):
        h, s, v = colorsys.rgb_to_hsv(r, g, b)
        return colorsys.hsv_to_rgb((h + shift) % 1, s, v)
    return by_pixel(change)


def colours():
    special = [[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1], [0.2, 0.2, 0.7]]
    random = numpy.random.default_rng(5).random((14, 3)).tolist()
    return f64(special + random).reshape(2, 3, 4, 3).permute(0, 3, 1, 2).contiguous()


def main():
    shapes = ((2, 2, 4, 5), (1, 1, 3, 2), (3, 1, 1, 4))
    each = lambda mapped: lambda: [case(mapped, real(*s), maps(s[0]), order=1, smooth=False) for s in shapes]
    of = lambda *given: each(affine(*given))
    write("images", {
        "affine bilinear zeros": of("bilinear", "zeros"),
        "affine bilinear border": of("bilinear", "border"),
        "affine nearest zeros": of("nearest", "zeros"),
        "affine nearest border": of("nearest", "border"),
        "affine larger": of("bilinear", "zeros", (6, 3)),
        "affine bilinear filled": each(filled("bilinear", 0.75)),
        "affine nearest filled": each(filled("nearest", 0.75)),
        "affine filled by channels": lambda: [
            case(filled("bilinear", 0.75, -2), real(2, 2, 4, 5), maps(2), order=1, smooth=False)],
        "turned 30": lambda: [turned(30)(real(*s)) for s in ((2, 2, 4, 5), (1, 1, 5, 5))],
        "turned -75": lambda: [turned(-75)(real(1, 2, 6, 3))],
        "enlarged 1.5": lambda: [in_pixels(numpy.eye(2) / 1.5)(real(*s)) for s in ((2, 2, 4, 5), (1, 1, 5, 5))],
        "shrunk 0.6": lambda: [in_pixels(numpy.eye(2) / 0.6)(real(2, 1, 4, 5))],
        "turned 30 filled": lambda: [turned(30, 0.75)(real(*s)) for s in ((2, 2, 4, 5), (1, 1, 5, 5))],
        "shrunk 0.6 filled": lambda: [in_pixels(numpy.eye(2) / 0.6, -1.5)(real(2, 1, 4, 5))],
        "hue 0.2": lambda: [case(hue(0.2), colours(), order=0)],
        "hue -0.45": lambda: [case(hue(-0.45), colours(), order=0)],
    })


if __name__ == "__main__":
    main()
