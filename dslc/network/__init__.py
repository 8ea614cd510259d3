"""The Network: what a spec comes to, with its printer and its summary."""
