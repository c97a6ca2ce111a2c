"""From a fitted model to forecasts, responses, explanations and the hierarchy."""
