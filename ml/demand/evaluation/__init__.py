"""How good a demand model is: metrics, backtest, comparison, checks, figures."""
