"""Red claims folded by their cause: what stands on top of every report; pure, a function of verdicts and evidence."""
