"""What a metric, a panel or a count should be: from the ledger, the database and the kernel, never from PromQL."""
