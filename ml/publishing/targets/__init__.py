"""Where a plan is published: several places that change over together or not at all."""
