"""What every model needs once: register, compare, search, champions, checkpoints, devices."""
