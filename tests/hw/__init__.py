"""Tests of hw/, module by module; RTL of their own under rtl/."""
