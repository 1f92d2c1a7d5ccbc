"""tracecourt: search traces of language models on trial."""
