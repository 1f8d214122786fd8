"""What each tool is told: one folder a tool."""
