"""Parts of bench/run; each module's docstring says what it is for."""
