"""The passes from QONNX to RTL: one a file, each a frozen value; `pipeline` runs and checks them."""
