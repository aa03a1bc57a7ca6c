"""The whole error family: every error says what is wrong, where, and what to do."""


class AssayError(Exception):
    """Anything that Assay tells a person about; the message is fit to be shown."""


class UsageError(AssayError):
    """A command, an address or a setting that makes no sense (exit code 2)."""


class FileRefused(AssayError):
    """A file that cannot be taken at all; the message says what to do with it."""


class StandardInvalid(UsageError):
    """A standard's file that contradicts itself."""


class ProfileInvalid(UsageError):
    """A profile's file that contradicts itself or its standard."""


class Forbidden(AssayError):
    """Something this person may not see or do; the message never says whether it exists."""


class WarehouseError(AssayError):
    """The warehouse is absent, too old or too new for this program."""


class TooLong(WarehouseError):
    """A question that took longer than it may; the message is fit to be shown to whoever asked."""


class NotFetched(AssayError):
    """Files of a source that could not be fetched; `again` says whether trying once more may help."""

    def __init__(self, message: str, again: bool = False) -> None:
        """Keep whether it may be tried again."""
        super().__init__(message)
        self.again = again


class BackupInvalid(AssayError):
    """A backup that is not whole, was changed, or does not fit; nothing of it is in the warehouse."""
