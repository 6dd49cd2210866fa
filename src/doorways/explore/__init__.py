"""Exploring a theme: the product of its subjects, wordings, seeds and settings, painted in rungs; the best go on."""
