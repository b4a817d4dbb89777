"""Recording a scan: which device is which row, and what changed."""
