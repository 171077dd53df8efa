"""What Relay's orchestrator and its components share."""
