"""Reading partners' formats, measured."""
