"""What the flows for a part with a processing system share: its clock for the logic, the hwh beside a bit file."""
