"""One run: bring up, drive, observe, record, judge, tear down. The only room that does all the I/O."""
