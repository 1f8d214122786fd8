"""What a processing system brings to a flow: a clock for the logic, and the hwh beside the bit file."""
