"""The command that removes old artifacts and runs which nothing needs."""
