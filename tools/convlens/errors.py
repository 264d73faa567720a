"""The one kind of error that a person can mend."""


class UserError(Exception):
    """A mistake or a defect outside these tools, said in one sentence: what is wrong, where, what was expected."""
