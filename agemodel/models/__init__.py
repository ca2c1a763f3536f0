"""Models that the app can serve: their folders, cards and training faces."""
