"""What reading partners' formats costs."""
