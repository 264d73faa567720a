"""Pages of what kernel_bench models for an operator, and of what nvcc made of its kernels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
COMMAND = "tools/make_modelled_tables.py"


def page(op: str, compiled: Json, records: list[Json]) -> str:
    """The page of an operator: `compiled` is the build's cuda_kernels.json, `records` are kernel_bench's, by pass."""
    gpu = records[0]["gpu"]
    lines = [
        f"Modelled for an {gpu}, not measured: no GPU has run these kernels. Written by `{COMMAND} {op}`.",
        "",
        f"# {op}: the CUDA kernels",
        "",
        f"## What {compiled['compiler']} makes of them",
        "",
        *resource_table(op, compiled),
        "",
        "Registers of a thread by architecture, static shared memory of a block in bytes, and bytes of local memory,",
        "which spills take, and arrays that are not in registers.",
        "",
        "## What they do",
        "",
        "MB are of sectors: asked of the L1 cache, once a block, once a launch. Conflicts: the worst bank conflict in",
        "ways, and wavefronts of shared memory against the fewest. The time is the least that the limit named with it",
        "allows, the ratio is to what the problem needs of DRAM or tensor cores. The model: benchmarks/README.md.",
    ]
    for record in records:
        for problem in record.get("problems", []):
            lines += ["", f"### {record['pass']}, {title(problem)}", "", *problem_table(problem)]
    return "\n".join(lines) + "\n"


def resource_table(op: str, compiled: Json) -> list[str]:
    """One row a kernel."""
    kernels = [kernel for kernel in compiled["kernels"] if kernel["file"].startswith(f"{op}/")]
    architectures = list(kernels[0]["architectures"])
    header = ["file", "kernel", *architectures, "shared", "local"]
    return [row(header), row(["---", "---"] + ["---:"] * (len(header) - 2)), *map(resource_row, kernels)]


def resource_row(kernel: Json) -> str:
    """The numbers of one kernel."""
    compiled = kernel["architectures"].values()
    registers = [c["registers"] for c in compiled]
    shared = max(c["shared_bytes"] for c in compiled)
    local = max(c["stack_bytes"] + c["local_bytes"] for c in compiled)
    file = kernel["file"].rpartition("/")[2]
    return row([file, f"`{short(kernel['kernel'])}`", *registers, shared, local])


def short(kernel: str) -> str:
    """A kernel's name without its namespaces."""
    return kernel.replace("(anonymous namespace)::", "").replace("convlens::", "")


def title(problem: Json) -> str:
    """The problem and the least that it needs."""
    shapes = " and ".join("x".join(map(str, shape)) for shape in problem["inputs"])
    return (
        f"{problem['case']}: {shapes}, {problem['flops'] / 1e9:.3f} GFLOP, {problem['bytes'] / 1e6:.2f} MB, "
        f"limit {problem['limit_us']:.2f} us"
    )


def problem_table(problem: Json) -> list[str]:
    """One row a variant that takes part."""
    header = [
        "variant",
        "blocks run",
        "asked MB",
        "block MB",
        "launch MB",
        "conflicts",
        "occupancy",
        "us",
        "bound by",
        "ratio",
    ]
    rows = [variant_row(problem, variant) for variant in problem["variants"] if "refused" not in variant]
    return [row(header), row(["---"] + ["---:"] * 7 + ["---", "---:"]), *rows]


def variant_row(problem: Json, variant: Json) -> str:
    """The longest launch of a variant, and the time of all."""
    launch = max(variant["launches"], key=lambda launch: launch["modelled_us"])
    bytes_of = ("moved_bytes", "fewest_bytes_of_blocks", "fewest_bytes")
    fewest = launch["fewest_wavefronts"]
    conflicts = f"{launch['ways']} ways, {launch['wavefronts'] / fewest:.2f}x" if fewest else "no shared memory"
    layouts = {v["layout"] for v in problem["variants"] if v["variant"] == variant["variant"]}
    name = variant["variant"] + (f" ({variant['layout']})" if len(layouts) > 1 else "")
    return row(
        [
            name,
            f"{launch['blocks_run']:.0f} of {launch['blocks']:.0f}",
            *(f"{launch[key] / 1e6:.2f}" for key in bytes_of),
            conflicts,
            occupancy(launch),
            f"{variant['modelled_us']:.2f}",
            variant["bound_by"],
            f"{variant['times_the_limit']:.1f}",
        ]
    )


def occupancy(launch: Json) -> str:
    """The share of a multiprocessor's warps, and what allows no more."""
    found = launch.get("occupancy")
    return f"{found['share']:.0%}, {found['limit']}" if found else "?"


def row(cells: list[Any]) -> str:
    """A line of a table."""
    return "| " + " | ".join(map(str, cells)) + " |"


def rows_of(page: str) -> Iterator[str]:
    """The lines of a page that are tables'."""
    return (line for line in page.splitlines() if line.startswith("|"))
