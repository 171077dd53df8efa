"""Tables from the sheets of Excel and OpenDocument workbooks."""
