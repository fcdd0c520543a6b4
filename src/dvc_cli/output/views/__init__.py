"""What people see of each result: one module per area, loaded when a result of that area is shown."""
