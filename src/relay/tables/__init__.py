"""Tables: those that people bring, and those that pass between steps."""
