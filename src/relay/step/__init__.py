"""One execution of a step, inside its component's process."""
