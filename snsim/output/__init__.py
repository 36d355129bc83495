"""Result files: HDF5 laid out as netCDF-4, and what is known about how they came about."""
