"""For whom promotions are made: audiences, their members, the holdout."""
