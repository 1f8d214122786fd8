"""The study of quantization and pruning: return, memory, time and energy on CPUs, and beside them hardware.

After Lu et al., "The impact of quantization and pruning on deep reinforcement learning models" (2024).
"""
