"""The public site. It reads posts and nothing else; no cookie, no script, no session."""
