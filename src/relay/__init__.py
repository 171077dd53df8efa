"""What Relay's orchestrator and its components share."""

__version__ = "1.0.0"
