"""The fixed-point scheme: quantizers, calibration, signed digits."""
