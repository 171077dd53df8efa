"""Six steps as many people write them: libraries imported in functions, CSV files between them."""
