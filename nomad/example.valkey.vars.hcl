# Put yours in.
image         = "valkey/valkey:8.1"
first_primary = "192.0.2.11"
