"""Texts in, cited answers out. Knows neither Rasa nor the web."""
