"""The command that checks whether a run would work here."""
