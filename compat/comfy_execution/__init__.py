"""What packs import to speak the execution protocol."""
