"""Tables from separated text: encodings, separators, layout, records and broken lines."""
