"""What stops the stack from starting, in words that tell the user what to do."""


class LocalError(Exception):
    """The stack cannot start; the text is for the user."""


class AlreadyRunningError(LocalError):
    """Another supervisor holds this state folder."""


class StartError(LocalError):
    """One attempt to start a process failed; the supervisor tries again."""


class FinalStartError(StartError):
    """A process cannot start and trying again would not help."""


class ModelError(LocalError):
    """A model could not be installed; nothing was changed."""
