"""The control loop: a policy at a fixed rate, with a safe action for whatever goes wrong."""
