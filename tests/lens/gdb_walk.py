"""Types the gdb commands of docs/debug-a-cuda-kernel-without-a-gpu.md and compares the answers.

In a block ```gdb, "(gdb) command" is typed, and what follows must stand in the answer. All blocks are one session.
"""

import pathlib
import re
import subprocess
import sys
import tempfile


def session(page: str) -> list[tuple[str, list[str]]]:
    """Commands, each with the lines that its answer must hold."""
    steps: list[tuple[str, list[str]]] = []
    for block in re.findall(r"^```gdb\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                continue
            if line.startswith("(gdb) "):
                steps.append((line.removeprefix("(gdb) "), []))
            else:
                steps[-1][1].append(line)
    return steps


def answers(program: list[str], commands: list[str]) -> list[str]:
    """What gdb says to each command."""
    mark = "-- next command --"
    script = ["set pagination off", "set confirm off", "set width 0", "set debuginfod enabled off"]
    for command in commands:
        # An error in a command would end the script; python reports it and goes on.
        script += [f"echo {mark}\\n", f'python\ntry: gdb.execute("""{command}""")\nexcept gdb.error as e: print(e)\nend']
    with tempfile.NamedTemporaryFile("w", suffix=".gdb") as file:
        file.write("\n".join(script) + "\n")
        file.flush()
        run = subprocess.run(
            ["gdb", "-q", "-nx", "-batch", "-x", file.name, "--args", *program],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
    return run.stdout.split(mark)[1:]


def main() -> int:
    """Exit code 1 with the first answer that is not as the page says."""
    kernel_lens, page = sys.argv[1], pathlib.Path(sys.argv[2]).read_text()
    arguments = re.search(r"gdb -q --args \S+kernel_lens (.*)", page)[1].split()
    steps = session(page)
    given = answers([kernel_lens, *arguments], [command for command, _ in steps])
    for (command, expected), answer in zip(steps, given, strict=True):
        for line in expected:
            if line.strip() not in answer:
                print(f"(gdb) {command}\nexpected: {line}\nfound: {answer}")
                return 1
    print(f"{len(steps)} commands, as the page says")
    return 0


if __name__ == "__main__":
    sys.exit(main())
