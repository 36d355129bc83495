"""Tables of opacities: in memory, on disk in this package's layout and in those of other codes, looked up and checked."""
