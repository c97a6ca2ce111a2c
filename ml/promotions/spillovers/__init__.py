"""What a promotion does to other weeks and other products: dip, cannibalisation, halo."""
