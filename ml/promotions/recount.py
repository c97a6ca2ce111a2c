def broken_limits(*a):
    return []
