"""Files of other codes, one code a file."""
