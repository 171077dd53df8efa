"""The configuration: Hydra composes it, pydantic validates it, before anything runs."""
