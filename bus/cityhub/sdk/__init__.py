"""What a partner installs: the event type, its encodings and its identity rules."""
