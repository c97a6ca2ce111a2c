"""The promotion plan: options, solver, publishing, report."""
