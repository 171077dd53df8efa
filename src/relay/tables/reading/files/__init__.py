"""Files and their kinds, and tables from those of Parquet and JSON."""
