"""What lies under published/: versions, their schedules and the audit log."""
