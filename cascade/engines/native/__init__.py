"""Kernels: functions over flat arrays that numba compiles once; later processes load the machine code without importing numba."""
