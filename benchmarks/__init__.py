"""What a run costs, measured beside other ways to run the same steps: `make bench`."""
