"""Operations in one pass over memory, compiled for the CPU by numba.

Small networks on a CPU wait for memory: torch makes a pass over it for every operation, and a dropout mask alone takes
a dozen. Each function here does what a few lines of torch do, which stand beside it in ``mmer.models`` and are used
everywhere else (on a GPU, or where a tensor has another layout or type); tests compare the two.

Kernels are compiled once per machine, at their first use, and kept beside this file or in the user's cache folder.
"""
