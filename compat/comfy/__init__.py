"""What packs know as the host's own modules."""
