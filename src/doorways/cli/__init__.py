"""The command: a face on top of the engine, which holds no method of its own."""
