"""The control loop, its faults above all."""
