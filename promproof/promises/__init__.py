"""What a documentation page promises: each number, name, duration, port, expression and command with its verdict.

A pure function of the page's text and of what the contract and the files say (`reading.promises`). A sentence is judged
only where it leaves no doubt what it is about; everything else is *not verified*, never a fail.
"""
