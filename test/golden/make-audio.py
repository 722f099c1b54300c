"""Sounds: /usr/bin/python3 test/golden/make-audio.py (ONNX 1.12's node tests, SciPy 1.10, PyTorch and torchaudio 0.13, NumPy 1.24).

Debian: apt-get install --no-install-recommends libonnx-testdata python3-onnx python3-torchaudio python3-scipy. Writes audio.json: calls of
simdgrad/audio with what they give. What ONNX's tests hold is float32 throughout; all else is computed in float64 of float32 signals. Where
librosa has more than torchaudio, its definition is written out here in NumPy.
"""
import glob
import json
import pathlib

import numpy as np
import onnx
import scipy.fft
import scipy.signal
import torch
import torchaudio
from onnx import numpy_helper

torch.set_default_dtype(torch.float64)
random = np.random.default_rng(20261129)
NODES = "/usr/share/libonnx-testdata/data/node/"


def array(x):
    x = np.asarray(x)
    return {"shape": list(x.shape), "data": [float(f"{v:.10g}") for v in x.astype(float).ravel().tolist()]}


def case(name, call, args, output, exact=True):
    return {"name": name, "call": call, "args": args, "output": array(output), "float64": exact}


def parts(x):
    """Complex numbers as pairs."""
    x = np.asarray(x)
    return np.stack([x.real, x.imag], -1)


def tensors(test):
    """Inputs and output of a node test; inputs that are left out have no file."""
    arrays = {}
    for path in glob.glob(f"{NODES}{test}/test_data_set_0/*.pb"):
        tensor = onnx.TensorProto()
        tensor.ParseFromString(pathlib.Path(path).read_bytes())
        arrays[pathlib.Path(path).stem] = numpy_helper.to_array(tensor)
    return [arrays[f"input_{i}"] for i in range(len(arrays) - 1)], arrays["output_0"]


def onnx_cases():
    for kind, more in [("hann", {}), ("hamming", {"alpha": 25 / 46}), ("blackman", {})]:
        for suffix, options in [("", {}), ("_symmetric", {"periodic": False})]:
            test = f"test_{kind}window{suffix}"
            (length,), output = tensors(test)
            yield case(f"ONNX {test}", kind, [int(length), {**options, **more}], output, False)
    for test, options in [("test_dft", {"axis": 1}), ("test_dft_axis", {"axis": 2}), ("test_dft_inverse", {"axis": 1, "inverse": True})]:
        (x,), output = tensors(test)
        yield case(f"ONNX {test}", "dft", [array(x), options], output, False)
    # ONNX's spectra are [signals, frames, bins, 2].
    (x, step, length), output = tensors("test_stft")
    options = {"nFft": int(length), "hopLength": int(step), "window": "ones", "center": False}
    yield case("ONNX test_stft", "stft", [array(x[..., 0]), options], output.transpose(0, 2, 1, 3), False)
    (x, step, window), output = tensors("test_stft_with_window")
    options = {"nFft": len(window), "hopLength": int(step), "window": array(window)["data"], "center": False}
    yield case("ONNX test_stft_with_window", "stft", [array(x[..., 0]), options], output.transpose(0, 2, 1, 3), False)
    inputs, output = tensors("test_melweightmatrix")
    names = ["numMelBins", "dftLength", "sampleRate", "lowerEdgeHertz", "upperEdgeHertz"]
    yield case("ONNX test_melweightmatrix", "melWeightMatrix", [{n: float(x) for n, x in zip(names, inputs)}], output, False)


def signal(*shape):
    return random.standard_normal(shape).astype("f4").astype(float)


def scipy_cases():
    for kind in ["hann", "hamming", "blackman"]:
        for length in [1, 2, 9, 16]:
            for periodic in [True, False]:
                yield case(f"SciPy {kind} of {length}, {'periodic' if periodic else 'symmetric'}", kind, [length, {"periodic": periodic}],
                           scipy.signal.get_window(kind, length, periodic))
    for window, n, hop, samples in [("hann", 16, 4, 70), ("hamming", 12, 5, 61), ("blackman", 32, 8, 100), ("boxcar", 8, 8, 33)]:
        x = signal(2, samples)
        options = dict(window=window, nperseg=n, noverlap=n - hop, padded=False)
        _, _, z = scipy.signal.stft(x, **options)
        scale = scipy.signal.get_window(window, n).sum()  # SciPy divides by it
        ours = {"nFft": n, "hopLength": hop, "window": window.replace("boxcar", "ones")}
        yield case(f"SciPy stft, {window} of {n} by {hop}", "stft", [array(x), ours], parts(z * scale))
        rounded = parts(z * scale).astype("f4").astype(float)
        _, back = scipy.signal.istft((rounded[..., 0] + 1j * rounded[..., 1]) / scale, window=window, nperseg=n, noverlap=n - hop)
        yield case(f"SciPy istft, {window} of {n} by {hop}", "istft", [array(rounded), ours], back)
    for n in [1, 2, 3, 7, 16, 30, 97]:
        x = signal(n, 2)
        yield case(f"SciPy fft of {n}", "dft", [array(x)], parts(scipy.fft.fft(x[:, 0] + 1j * x[:, 1])))
    x = signal(2, 9, 3, 1)
    yield case("SciPy rfft of 9 along an axis", "dft", [array(x), {"axis": 1, "onesided": True}], parts(scipy.fft.rfft(x[..., 0], axis=1)))


def torch_cases():
    for n, hop, win, center in [(16, 4, 16, True), (16, 5, 10, True), (15, 4, 15, True), (16, 8, 12, False), (20, 3, 20, True)]:
        for mode in ["reflect", "constant"] if center else ["constant"]:
            x = signal(57)
            z = torch.stft(torch.tensor(x), n, hop, win, torch.hann_window(win), center=center, pad_mode=mode, return_complex=True)
            options = {"nFft": n, "hopLength": hop, "winLength": win, "center": center, "padMode": mode}
            yield case(f"PyTorch stft of {n} by {hop}, {win}, {center}, {mode}", "stft", [array(x), options], parts(z))
    for n, hop, win, length in [(16, 4, 16, None), (16, 3, 12, None), (15, 4, 15, 50), (16, 4, 16, 64)]:
        z = signal(n // 2 + 1, 14, 2)
        z[0, :, 1] = 0
        if n % 2 == 0:
            z[-1, :, 1] = 0
        back = torch.istft(torch.tensor(z[..., 0] + 1j * z[..., 1]), n, hop, win, torch.hann_window(win), length=length)
        options = {"nFft": n, "hopLength": hop, "winLength": win, **({} if length is None else {"length": length})}
        yield case(f"PyTorch istft of {n} by {hop}, {win}, length {length}", "istft", [array(z), options], back)


def mel_cases():
    scales = [(False, "slaney"), (False, None), (True, "slaney"), (True, None)]
    for rate, n, mels, low, high in [(8000, 64, 10, 0, 4000), (16000, 51, 7, 60.5, 7000)]:
        for htk, norm in scales:
            scale = "htk" if htk else "slaney"
            filters = torchaudio.functional.melscale_fbanks(n // 2 + 1, low, high, mels, rate, norm=norm, mel_scale=scale)
            if n % 2 == 0:  # torchaudio takes the last bin for half of the rate, which it is not for an odd length
                yield case(f"torchaudio mel filters of {rate}, {n}, {mels}, {scale}, {norm}", "melFilters",
                           [{"sampleRate": rate, "nFft": n, "nMels": mels, "fMin": low, "fMax": high, "htk": htk, "norm": norm}], filters.T)
            yield case(f"librosa's definition of mel filters of {rate}, {n}, {mels}, {scale}, {norm}", "melFilters",
                       [{"sampleRate": rate, "nFft": n, "nMels": mels, "fMin": low, "fMax": high, "htk": htk, "norm": norm}],
                       librosa_mel(rate, n, mels, low, high, htk, norm))
    x = signal(2, 160)
    options = {"nFft": 64, "hopLength": 20, "winLength": 50, "nMels": 12, "fMin": 30, "fMax": 3500, "sampleRate": 8000}
    kwargs = dict(n_fft=64, hop_length=20, win_length=50, n_mels=12, f_min=30.0, f_max=3500.0, pad_mode="constant")
    for htk, norm in scales:
        for power in [1, 2]:
            mel = torchaudio.transforms.MelSpectrogram(8000, **kwargs, power=power, norm=norm, mel_scale="htk" if htk else "slaney")
            yield case(f"torchaudio mel spectrogram, power {power}, htk {htk}, norm {norm}", "melSpectrogram",
                       [array(x), {**options, "power": power, "htk": htk, "norm": norm}], mel(torch.tensor(x)))
    spectrogram = torchaudio.transforms.Spectrogram(64, 50, 20, power=1.5, pad_mode="reflect")
    yield case("torchaudio spectrogram, power 1.5", "spectrogram",
               [array(x), {"nFft": 64, "hopLength": 20, "winLength": 50, "power": 1.5, "padMode": "reflect"}], spectrogram(torch.tensor(x)))
    quiet = x[0] * np.where(np.arange(160) < 80, 1, 1e-6)
    quiet = quiet.astype("f4").astype(float)
    mel = dict(**kwargs, norm="slaney", mel_scale="slaney")
    coefficients = torchaudio.transforms.MFCC(8000, n_mfcc=8, melkwargs=mel)(torch.tensor(quiet)).numpy()
    yield case("torchaudio MFCC", "mfcc", [array(quiet), {**options, "nMfcc": 8}], coefficients)
    lifts = 1 + 22 / 2 * np.sin(np.pi * np.arange(1, 9) / 22)
    yield case("librosa's lifter", "mfcc", [array(quiet), {**options, "nMfcc": 8, "lifter": 22}], coefficients * lifts[:, None])
    powers = torchaudio.transforms.MelSpectrogram(8000, **mel)(torch.tensor(quiet)).numpy()
    free = scipy.fft.dct(10 * np.log10(np.maximum(powers, 1e-10)), type=2, norm="ortho", axis=0)[:8]
    yield case("SciPy's cosine transform of all decibels", "mfcc", [array(quiet), {**options, "nMfcc": 8, "topDb": None}], free)
    powers = powers.astype("f4").astype(float)
    for ref, top in [(1.0, 80.0), (1.0, None), (0.01, 30.0), ("max", 60.0)]:
        zero = powers.max() if ref == "max" else ref
        db = torchaudio.functional.amplitude_to_DB(torch.tensor(powers), 10, 1e-10, np.log10(zero), top)
        yield case(f"torchaudio decibels, ref {ref}, top {top}", "powerToDb", [array(powers), {"ref": ref, "topDb": top}], db)


def librosa_mel(rate, n, mels, low, high, htk, norm):
    """librosa.filters.mel of 0.10 (McFee et al. 2015): ramps between middles in Hz."""
    def to_mel(f):
        return 2595 * np.log10(1 + f / 700) if htk else np.where(f >= 1000, 15 + np.log(np.maximum(f, 1) / 1000) / (np.log(6.4) / 27), f / (200 / 3))

    def to_hz(m):
        return 700 * (10 ** (m / 2595) - 1) if htk else np.where(m >= 15, 1000 * np.exp(np.log(6.4) / 27 * (m - 15)), 200 / 3 * m)

    corners = to_hz(np.linspace(to_mel(np.float64(low)), to_mel(np.float64(high)), mels + 2))
    ramps = corners[:, None] - np.fft.rfftfreq(n, 1 / rate)
    steps = np.diff(corners)[:, None]
    weights = np.maximum(0, np.minimum(-ramps[:-2] / steps[:-1], ramps[2:] / steps[1:]))
    return weights * (2 / (corners[2:] - corners[:-2]))[:, None] if norm == "slaney" else weights


cases = [*onnx_cases(), *scipy_cases(), *torch_cases(), *mel_cases()]
lines = ",\n".join(json.dumps(each) for each in cases)
pathlib.Path(__file__).with_name("audio.json").write_text(f"[\n{lines}\n]\n")
