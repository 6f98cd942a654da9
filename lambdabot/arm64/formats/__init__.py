"""One module per manifest format; each returns a Manifest, and says every mistake with its file and line."""
