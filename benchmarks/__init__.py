"""How fast the trainings are, beside the tutorial's own way. Not installed; run the scripts from a checkout."""
