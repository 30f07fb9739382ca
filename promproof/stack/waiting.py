"""Waiting for a condition: ask again until it holds or a deadline passes, and then say what was seen last."""

import time
from collections.abc import Callable

import requests

from promproof.http import Session

PAUSE_SECONDS = 0.02


def wait_until(
    unmet: Callable[[], str],
    seconds: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Ask `unmet` until it answers with an empty text; any other answer says what is still missing.

    Raises:
        TimeoutError: `seconds` have passed; with the last answer.
    """
    deadline = clock() + seconds
    while missing := unmet():
        if clock() >= deadline:
            raise TimeoutError(f"after {seconds:g} s: {missing}")
        pause(PAUSE_SECONDS)


def unmet_http(url: str, timeout_seconds: float = 1.0) -> str:
    """What is missing until a GET of `url` is answered with 200; empty when nothing is."""
    try:
        with loopback_session() as session:
            answer = session.get(url, timeout=timeout_seconds)
    except requests.exceptions.SSLError as error:
        return f"{url} has a certificate that is not trusted: {error}"
    except requests.ConnectionError:
        return f"{url} takes no connections"
    except requests.RequestException as error:
        return f"{url} does not answer: {type(error).__name__}"
    if answer.status_code == requests.codes.ok:
        return ""
    return f"{url} answers {answer.status_code} {answer.text[:200].strip()}".strip()


def loopback_session() -> Session:
    """A session that goes straight to its address, whatever proxy the environment names."""
    return Session()
