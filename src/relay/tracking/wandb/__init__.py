"""The W&B backend, cloud or self-hosted; the only place that imports wandb."""
