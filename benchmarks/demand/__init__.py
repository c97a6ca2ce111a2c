"""Our demand model beside its peers, on the same arrays in the same run."""
