"""The form templates (mẫu đơn) that citizens download, with placeholders a tool can fill."""
