"""Makes the files of tests/viz_io/data: kinds of pictures that write_png does not write, and Pillow's results on them.

long_huffman_table.jpg, empty_idat.png and vast.bmp are not from here: a fuzzer found them.

Run in this folder with numpy and Pillow installed: python make_data.py
"""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

DATA = Path(__file__).parent / "data"
GREY, RGB, GREY_ALPHA, RGB_ALPHA = 0, 2, 4, 6


def write_png(name: str, samples: np.ndarray, color_type: int) -> None:
    """Writes H x W x C samples of uint8 or uint16 as a PNG without filters."""
    height, width, _ = samples.shape
    bits = samples.dtype.itemsize * 8
    rows = b"".join(b"\0" + row.astype(samples.dtype.newbyteorder(">")).tobytes() for row in samples)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    (DATA / name).write_bytes(png)


def pattern(height: int, width: int) -> np.ndarray:
    """The H x W test picture that the C++ test draws by the same formula."""
    y, x = np.mgrid[:height, :width]
    return (((37 * y + 101 * x) % 97) / np.float32(96)).astype(np.float32)


def main() -> None:
    """Writes every file."""
    DATA.mkdir(exist_ok=True)
    ramp16 = (np.arange(12) * 5461 + 3).astype(np.uint16)
    write_png("grey16.png", ramp16.reshape(3, 4, 1), GREY)
    write_png("rgb16.png", ramp16.reshape(2, 2, 3), RGB)
    write_png("grey_alpha8.png", np.array([[[100, 255], [100, 0], [100, 51]]], np.uint8), GREY_ALPHA)
    write_png("rgb_alpha8.png", np.array([[[255, 0, 0, 255], [0, 255, 0, 102], [9, 8, 7, 0]]], np.uint8), RGB_ALPHA)
    write_png("rgb_alpha16.png", np.array([[[65535, 0, 1000, 32768]]], np.uint16), RGB_ALPHA)

    palette = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    palette.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    palette.save(DATA / "palette.png")

    colors = np.stack([pattern(14, 18), pattern(18, 14).T, 1 - pattern(14, 18)], axis=-1)
    photo = Image.fromarray(np.uint8(colors * 255))
    photo.save(DATA / "progressive.jpg", progressive=True, quality=90)
    photo.convert("CMYK").save(DATA / "cmyk.jpg", quality=90)
    for name in ("progressive", "cmyk"):
        decoded = np.asarray(Image.open(DATA / f"{name}.jpg").convert("RGB"), np.float32) / 255
        np.save(DATA / f"{name}.npy", np.ascontiguousarray(decoded.transpose(2, 0, 1)))

    picture = Image.fromarray(pattern(23, 17), "F")
    for name in ("nearest", "bilinear", "bicubic"):
        method = Image.Resampling[name.upper()]
        np.save(DATA / f"resize_{name}_smaller.npy", np.asarray(picture.resize((6, 9), method)))
        np.save(DATA / f"resize_{name}_larger.npy", np.asarray(picture.resize((28, 25), method)))
        np.save(DATA / f"resize_{name}_mixed.npy", np.asarray(picture.resize((31, 5), method)))


if __name__ == "__main__":
    main()
