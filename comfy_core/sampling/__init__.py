"""From noise to a latent: noise schedules, predictions, guidance, samplers, and the one path that joins them."""
