"""The command line: one module a command; what is heavy is imported inside the functions."""
