"""The one error of a simulated cloud's API. Each cloud words it in its own format (`Cloud.word_error`)."""


class CloudError(Exception):
    """A request that the cloud refuses.

    Attributes:
        status: HTTP status code.
        code: the service's error code, such as `NotAuthorizedOrNotFound` or `NoSuchBucket`.
        message: the service's text.
        operation: the API operation where it is not the plain create, update or delete of the type.
    """

    def __init__(self, status: int, code: str, message: str, *, operation: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.operation = operation


class Unreachable(Exception):  # noqa: N818 - said of the endpoint, not of the request
    """There is no such endpoint, because there is no such region; the text is what a client library says then."""
