"""What simulated worms are drawn from, learnt once from tables of real ones."""
