"""What comes from outside: fetched with caps, known by its bytes, decoded, and made anew so that only pixels stay."""
