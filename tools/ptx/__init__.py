"""Runs one kernel's PTX on the CPU, in numpy, by the words of the PTX ISA.

It shares nothing with the emulator of kernels/simt, which runs the C++ source: where both give the same numbers, what
nvcc made of a kernel means what its source says. (https://docs.nvidia.com/cuda/parallel-thread-execution)

    parser.py     text -> instructions
    types.py      PTX's types in numpy
    memory.py     the state spaces
    block.py      the threads of a block: registers, divergence, meetings
    access.py     what an instruction names in memory
    program.py    a kernel ready to run
    meanings/     what each instruction does, by chapters
    launch.py     an exported launch (kernel_bench --export): its arguments, its run, its comparison
    driver.py     the same launch on a GPU
"""
