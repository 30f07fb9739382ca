"""The page of a run: one HTML file that needs nothing else, a pure function of verdicts and evidence.

`subject` says what a page tells of, `document` makes the text; every drawing is SVG made here, so that it prints, needs
no script and can be read by a test.
"""
