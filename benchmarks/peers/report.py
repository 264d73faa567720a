"""docs/results/cpu.md from the numbers that run.py collects."""

from __future__ import annotations

from statistics import median
from typing import Any

ENGINES = ("ConvLens", "ConvLens tuned")


_NOTES = {
    "style": [
        "Losses of style on relu1_1 to relu5_1 and of content on relu4_2, and the gradient of their sum with respect "
        "to the picture (`benchmarks/peers/style_step.py`).",
        "",
    ],
    "occlusion": [
        "Scores under 16 of the 729 places of a patch of 16 pixels, stride 8; a map takes 46 times as long. This "
        "engine computes what the patch reaches and keeps the rest; the maps without a patch, computed once an image, "
        "are not counted. The others are given 16 whole images at once; `OpenVINO throughput` runs them as single "
        "requests, as many at a time as it finds best.",
        "",
    ],
}


def _cell(entry: dict[str, Any] | None) -> str:
    if entry is None:
        return "—"
    if "error" in entry:
        return "failed"
    return f"{min(entry['ms']):.2f} / {median(entry['ms']):.2f}"


def _ratio(entries: dict[str, Any]) -> str:
    best = {name: min(e["ms"]) for name, e in entries.items() if "ms" in e}
    peers = {name: ms for name, ms in best.items() if name not in ENGINES}
    if not peers:
        return "—"
    peer = min(peers, key=lambda name: peers[name])
    return ", ".join(f"{best[name] / peers[peer]:.2f}" for name in ENGINES if name in best) + f" ({peer})"


def _table(networks: dict[str, dict[str, Any]]) -> list[str]:
    names = list(dict.fromkeys(name for entries in networks.values() for name in entries))
    lines = ["| network | " + " | ".join(names) + " | both / best peer's |", "|---|" + "---|" * (len(names) + 1)]
    for network, entries in networks.items():
        cells = [_cell(entries.get(name)) for name in names]
        lines.append(f"| {network} | " + " | ".join(cells) + f" | {_ratio(entries)} |")
    return lines


def _memory_table(networks: dict[str, dict[str, Any]]) -> list[str]:
    names = list(dict.fromkeys(name for entries in networks.values() for name in entries))
    lines = ["| peak memory of the process, MB | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for network, entries in networks.items():
        cells = [f"{entries[n]['peak_bytes'] / 1e6:.0f}" if "peak_bytes" in entries.get(n, {}) else "—" for n in names]
        lines.append(f"| {network} | " + " | ".join(cells) + " |")
    return lines


def _remarks(record: dict[str, Any]) -> list[str]:
    lines = []
    for kind, networks in record["results"].items():
        for network, entries in networks.items():
            for name, entry in entries.items():
                if "error" in entry:
                    lines.append(f"- {network}, {kind}: {name} failed: {entry['error']}")
                elif not entry.get("agrees", True):
                    lines.append(f"- {network}, {kind}: {name} DISAGREES with this engine: {entry['difference']}")
    lines += [f"- {name} is missing: {reason}" for name, reason in record["missing"].items()]
    return lines


def _notes(kind: str, record: dict[str, Any]) -> list[str]:
    if kind != "bf16":
        return _NOTES.get(kind, [])
    allowed = record["bf16"]
    return [
        f"This engine takes what has a relative error of up to {allowed['most_error']:g} (`precision: bf16`), so "
        "bfloat16 where no Winograd is; OpenVINO is allowed its bf16. Their results may differ by "
        f"{allowed['tolerance']['output']:g}.",
        "",
    ]


def markdown(record: dict[str, Any]) -> str:
    """The page: how it was measured, then a table for each kind of run."""
    e = record["environment"]
    lines = [
        "# Networks on the CPU, against other frameworks",
        "",
        f"Measured on {e['processor']}, {record['threads']} threads, on {e['date']} (load before: {e['load']:.2f}); "
        f"{e['compiler']}, oneDNN {e['onednn']}. Written by `{record['command']}`.",
        "",
        "fp32, batch 1 unless said, random weights, the same weights and input everywhere, from the input in memory to "
        "the results there. All "
        f"frameworks are held in memory and take turns ({record['rounds']} rounds of {record['runs']} runs after one "
        "that does not count, each round beginning with another framework). Milliseconds, best / median. Before "
        "timing, every framework's results are compared with this engine's: ||difference|| / ||result|| may be "
        f"{record['tolerance']['output']:g} for outputs and {record['tolerance']['gradient']:g} for gradients.",
        "",
        "Versions: " + ", ".join(f"{name} {version}" for name, version in record["versions"].items())
        + ". OpenVINO is told to stay in f32 but where bfloat16 is allowed, ncnn's 16-bit options are off, PyTorch is "
        "eager with frozen weights and "
        f"takes its memory from {record['allocator'] or 'the C library (tcmalloc is not installed)'}. "
        "`ConvLens` chooses kernels by their priorities; `ConvLens tuned` by what it has measured before "
        "(`viz_run tune`, which no other framework here does).",
    ]  # fmt: skip
    titles = {
        "forward": "Forward",
        "batch": "Forward, 16 images at once",
        "gradient": "Forward and gradient with respect to the image",
        "guided": "Forward and guided backprop",
        "bf16": "Forward, where bfloat16 is allowed",
        "style": "A step of style transfer",
        "occlusion": "Occlusion, 16 places of the patch",
    }
    for kind, networks in record["results"].items():
        lines += ["", f"## {titles[kind]}", "", *_notes(kind, record), *_table(networks)]
        if kind == "style":
            lines += ["", *_memory_table(networks)]
    if remarks := _remarks(record):
        lines += ["", "## Remarks", "", *remarks]
    return "\n".join(lines) + "\n"
