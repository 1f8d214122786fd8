"""What an accelerator is: streams, nodes, ports, the design that compile leaves."""
