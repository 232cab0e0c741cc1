"""What can go wrong here, as decisions.

PermanentError
└── BrokenAnalysisError    the topics cannot be a mind map
"""

from vidmap_chassis.errors import PermanentError


class BrokenAnalysisError(PermanentError):
    """The topics contradict each other or the video; to try again would give the same.

    Args:
        reason: which node is wrong.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(
            "broken_analysis",
            f"The topics of this video do not fit together ({reason}). Submit it again with other options.",
        )
