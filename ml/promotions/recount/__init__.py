"""Every limit of the policy counted again on a written plan, by none of the planner's code."""
