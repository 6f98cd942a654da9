"""The errors that the endpoint answers, by AWS's codes."""

from collections.abc import Mapping


class ApiError(Exception):
    """An error answer of a service: its code, its message and, where the model does not say, its HTTP status.

    `members` are further members of the error's shape, such as `Reason`; `status` 0 leaves it to the model (400 for
    codes that the model does not have).
    """

    def __init__(self, *, code: str, message: str, status: int = 0, members: Mapping[str, str] | None = None) -> None:
        """Keep all parts for the protocol that writes them out."""
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = members or {}


def invalid(*, message: str) -> ApiError:
    """Return Lambda's InvalidParameterValueException."""
    return ApiError(code="InvalidParameterValueException", message=message, members={"Type": "User"})


def not_found(*, message: str) -> ApiError:
    """Return Lambda's ResourceNotFoundException."""
    return ApiError(code="ResourceNotFoundException", message=message, members={"Type": "User"})


def conflict(*, message: str) -> ApiError:
    """Return Lambda's ResourceConflictException (409)."""
    return ApiError(code="ResourceConflictException", message=message, members={"Type": "User"})
