"""What every model needs once: registry, champions, checkpoints, devices, bootstrap."""
