"""The room of the assets API: which files there are, what people call them, and the database that knows it."""
