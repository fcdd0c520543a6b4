"""Pictures and PDFs of every kind, and damaged ones made of them: cut, overwritten, bits turned, parts doubled or moved."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator

import pikepdf
import pillow_heif
from PIL import Image


def seeds() -> dict[str, bytes]:
    """One small sound file of each kind, by a name with its ending."""
    rng = random.Random(7)
    noise = Image.frombytes("RGB", (64, 48), rng.randbytes(64 * 48 * 3))
    two = noise.convert("1")
    made = {
        "gray.jpg": _saved(noise.convert("L"), "JPEG"),
        "colour.jpg": _saved(noise, "JPEG", quality=90, dpi=(200, 200)),
        "progressive.jpg": _saved(noise, "JPEG", progressive=True),
        "print.jpg": _saved(noise.convert("CMYK"), "JPEG"),
        "colour.png": _saved(noise, "PNG", dpi=(300, 300)),
        "palette.png": _saved(noise.quantize(16), "PNG"),
        "see-through.png": _saved(noise.convert("RGBA"), "PNG"),
        "deep.png": _saved(Image.new("I;16", (30, 30), 999), "PNG"),
        "lzw.tif": _saved(noise, "TIFF", compression="tiff_lzw"),
        "fax.tif": _saved(two, "TIFF", compression="group4", dpi=(200, 200)),
        "several.tif": _saved(two, "TIFF", compression="group4", save_all=True, append_images=[two, two]),
        "jpeg.tif": _saved(noise, "TIFF", compression="jpeg"),
        "a.webp": _saved(noise, "WEBP"),
        "exact.webp": _saved(noise, "WEBP", lossless=True),
        "a.avif": _saved(noise, "AVIF"),
        "a.bmp": _saved(noise, "BMP"),
        "a.gif": _saved(noise.quantize(32), "GIF"),
        "a.jp2": _saved(noise, "JPEG2000"),
    }
    heif = io.BytesIO()
    pillow_heif.from_pillow(noise).save(heif)
    made["a.heic"] = heif.getvalue()
    pdf = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page(page_size=(200, 200))
        document.add_blank_page(page_size=(200, 200))
        document.save(pdf)
    made["a.pdf"] = pdf.getvalue()
    return made


def mutations(count: int, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """`count` damaged files with their names, the same for the same `seed`."""
    rng = random.Random(seed)
    sound = seeds()
    names = list(sound)
    for number in range(count):
        name = names[number % len(names)]
        stem, _dot, ending = name.partition(".")
        yield f"{number:05d}-{stem}.{ending}", _mutated(bytearray(sound[name]), rng)


def _mutated(data: bytearray, rng: random.Random) -> bytes:
    for _step in range(rng.choice((1, 1, 1, 2, 4, 12))):
        if not data:
            break
        place = rng.randrange(len(data)) if rng.random() < 0.6 else rng.randrange(min(len(data), 120))
        match rng.randrange(8):
            case 0:
                del data[place:]
            case 1:
                data[place] ^= 1 << rng.randrange(8)
            case 2:
                data[place] = rng.choice((0, 0xFF, 0x7F, 0x80))
            case 3:
                data[place : place + 4] = rng.choice(
                    (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\0\1\0\0")
                )
            case 4:
                data[place:place] = data[place : place + rng.randrange(1, 200)]
            case 5:
                del data[place : place + rng.randrange(1, 64)]
            case 6:
                data[place : place + 16] = rng.randbytes(16)
            case _:
                data += rng.randbytes(rng.randrange(1, 300))
    return bytes(data)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
