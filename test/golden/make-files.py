"""Data files as others write them: /usr/bin/python3 test/golden/make-files.py (NumPy 1.24, SciPy 1.10, Python's gzip and wave).

Writes files.json: for each file its bytes in base64, and the arrays in it, row-major.
"""
import base64
import gzip
import io
import json
import pathlib
import struct
import zlib

import numpy as np
from scipy.io import wavfile

random = np.random.default_rng(20261129)


def text(data):
    return base64.b64encode(data).decode()


def array(x):
    x = np.asarray(x)
    values = [v if np.isfinite(v) else str(v) for v in x.ravel(order="C").tolist()]
    return {"shape": list(x.shape), "data": values}


def npy(x, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, x, version=version)
    return {"bytes": text(out.getvalue()), "arrays": {"": array(x)}}


def npz(save, **arrays):
    out = io.BytesIO()
    save(out, **arrays)
    return {"bytes": text(out.getvalue()), "arrays": {name: array(x) for name, x in arrays.items()}}


def whole(dtype, *shape):
    info = np.iinfo(dtype)
    low, high = max(info.min, -(2**31)), min(info.max, 2**31 - 1)
    x = random.integers(low, high, shape, endpoint=True).astype(dtype)
    x.flat[0], x.flat[-1] = low, high
    return x


def idx(code, x, packed=False):
    header = struct.pack(">BBBB", 0, 0, code, x.ndim) + struct.pack(f">{x.ndim}I", *x.shape)
    data = header + x.astype(x.dtype.newbyteorder(">")).tobytes()
    return {"bytes": text(gzip.compress(data, mtime=0) if packed else data), "arrays": {"": array(x)}}


def wav(x, rate=8000):
    """SciPy takes [frames, channels]; what is read is [channels, frames], whole numbers divided by their range."""
    out = io.BytesIO()
    wavfile.write(out, rate, x)
    scaled = (x.astype(float) - 128) / 128 if x.dtype == np.uint8 else x / 2.0 ** (8 * x.itemsize - 1) if x.dtype.kind == "i" else x
    return {"bytes": text(out.getvalue()), "arrays": {"": array(scaled.reshape(len(x), -1).T)}}


def wav24(values, channels, rate):
    """24 bits, in WAVEFORMATEXTENSIBLE, with a chunk of another name and an odd length before the samples."""
    data = b"".join(struct.pack("<i", v)[:3] for v in values)
    guid = struct.pack("<H", 1) + bytes.fromhex("000000001000800000aa00389b71")
    fmt = struct.pack("<HHIIHHHHI", 0xFFFE, channels, rate, rate * channels * 3, channels * 3, 24, 22, 24, 0) + guid
    chunks = [(b"fmt ", fmt), (b"LIST", b"abc"), (b"data", data)]
    body = b"WAVE" + b"".join(name + struct.pack("<I", len(c)) + c + b"\0" * (len(c) % 2) for name, c in chunks)
    x = np.array(values).reshape(-1, channels).T / 2**23
    return {"bytes": text(b"RIFF" + struct.pack("<I", len(body)) + body), "arrays": {"": array(x)}}


def npz64(x, directory):
    """Sizes of 64 bits, as writers of streams give them; of the directory, too, or not. NumPy reads both."""
    out = io.BytesIO()
    np.save(out, x)
    data, name = out.getvalue(), b"x.npy"
    extra = struct.pack("<HHQQ", 1, 16, len(data), len(data))
    sizes = (zlib.crc32(data), 0xFFFFFFFF, 0xFFFFFFFF, len(name), len(extra))
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, 0, 0, 0, 0x21, *sizes) + name + extra + data
    entry = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 45, 45, 0, 0, 0, 0x21, *sizes, 0, 0, 0, 0, 0) + name + extra
    file = local + entry
    if directory:
        file += struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 1, 1, len(entry), len(local))
        file += struct.pack("<IIQI", 0x07064B50, 0, len(local) + len(entry), 1)
        file += struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    else:
        file += struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(entry), len(local), 0)
    assert np.array_equal(np.load(io.BytesIO(file))["x"], x)
    return {"bytes": text(file), "arrays": {"x": array(x)}}


def members(x, parts):
    """Several gzip files one after the other, of which each may end anywhere, to Python's gzip they are one."""
    data = base64.b64decode(idx(0x8, x)["bytes"])
    ends = [len(data) * i // parts for i in range(parts + 1)]
    file = b"".join(gzip.compress(data[a:b], mtime=0) for a, b in zip(ends, ends[1:]))
    assert gzip.decompress(file) == data
    return {"bytes": text(file), "arrays": {"": array(x)}}


real = lambda *shape: random.standard_normal(shape)
files = {
    "npy float32": npy(real(2, 3).astype("<f4")),
    "npy float64": npy(real(4)),
    "npy float64 scalar": npy(np.float64(2.5) * np.ones(())),
    "npy big-endian float32": npy(real(3, 2).astype(">f4")),
    "npy float16": npy(np.array([1.5, -2, 6e-8, 65504, np.inf, np.nan], "<f2")),
    "npy big-endian int16": npy(whole("i2", 5).astype(">i2")),
    "npy uint8": npy(whole("u1", 2, 2, 2)),
    "npy bool": npy(np.array([[True, False], [True, True]])),
    "npy Fortran": npy(np.asfortranarray(real(3, 4).astype("f4"))),
    "npy Fortran of three axes": npy(np.asfortranarray(whole("i4", 2, 3, 4))),
    "npy empty": npy(np.zeros((0, 3), "f4")),
    "npy version 2": npy(real(2).astype("f4"), (2, 0)),
    "npy version 3": npy(real(2).astype("f4"), (3, 0)),
    **{f"npy {name}": npy(whole(name, 2, 3)) for name in ["int8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]},
    "npz": npz(np.savez, x=real(3, 2).astype("f4"), y=whole("i8", 3)),
    "npz compressed": npz(np.savez_compressed, x=np.zeros((20, 20), "f4"), y=whole("u1", 40)),
    "idx uint8": idx(0x8, whole("u1", 2, 3, 3)),
    "idx uint8 gzipped": idx(0x8, whole("u1", 5, 4), True),
    "idx int8": idx(0x9, whole("i1", 4)),
    "idx int16": idx(0xB, whole("i2", 4)),
    "idx int32": idx(0xC, whole("i4", 2, 2)),
    "idx float32": idx(0xD, real(3).astype("f4")),
    "idx float64 gzipped": idx(0xE, real(3, 1), True),
    "wav 8 bits": wav(whole("u1", 9)),
    "wav 16 bits": wav(whole("i2", 8, 2), 44100),
    "wav 24 bits": wav24([0, 1, -1, 2**23 - 1, -(2**23), 12345], 2, 48000),
    "wav 32 bits": wav(whole("i4", 6)),
    "wav float32": wav(real(5, 2).astype("f4")),
    "wav float64": wav(real(4)),
    "npz of sizes of 64 bits": npz64(np.arange(6, dtype="f4"), False),
    "npz of sizes and a directory of 64 bits": npz64(np.arange(6, dtype="f4"), True),
    "idx gzipped in members": members((np.arange(40) ** 2 % 251).astype("u1").reshape(4, 10), 3),
}

pathlib.Path(__file__).with_name("files.json").write_text(json.dumps(files, indent=1) + "\n")
