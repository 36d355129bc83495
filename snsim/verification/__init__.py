"""Problems whose answer is known exactly or published, and what our solvers make of them: `snsim verify`."""
