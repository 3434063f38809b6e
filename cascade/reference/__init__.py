"""The meaning of a core model, word for word and slow: the oracle of the tests, and the judge of every reported run."""
