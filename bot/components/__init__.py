"""The parts that Rasa builds its assistant from."""
