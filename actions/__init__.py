"""What the bot can do: translates what `knowledge` found into messages. One file per ability."""
