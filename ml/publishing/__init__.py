"""From an accepted plan to a published release: files, approval, feeds and targets."""
