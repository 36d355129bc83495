"""Parameter studies: whole runs over the axes of a `study.toml`, one folder a point, collected into one file."""
