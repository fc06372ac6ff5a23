"""Model files made smaller, or put into another format, without ever being in memory as a whole."""
