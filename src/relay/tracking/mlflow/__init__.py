"""MLflow's runs of a pipeline and its steps."""
