"""The routes, one module for one subject. Each has a `routes()` that lists them; `app.py` puts them all together."""
