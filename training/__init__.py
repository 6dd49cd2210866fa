"""How the embedded weights were made, from packages that anyone can install (see README.md)."""
