"""HTTP dialects: each file turns a foreign body into a `Request` and a `Result` into a foreign reply."""
