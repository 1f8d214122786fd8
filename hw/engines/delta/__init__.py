"""The delta engine: event-driven, each layer is sent only what changed since it was last sent."""
