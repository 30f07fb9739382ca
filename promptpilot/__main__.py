"""`python -m promptpilot`: settings, ports, database, then serving.

Exit 0 after a signal, 4 for bad input: nothing is started before all of it was looked at.
"""

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence

from promptpilot.app import PromptPilot, create_app
from promptpilot.server import PortTaken, listen, run
from promptpilot.settings import Settings, SettingsError, load
from promptpilot.store import DatabaseUnavailable

BAD_INPUT = 4


def main(
    arguments: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
    build: Callable[[Settings], PromptPilot] = create_app,
) -> int:
    """Run the API; the exit status. `build` makes the application, for variants of it."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    listeners = []
    try:
        settings = load(
            sys.argv[1:] if arguments is None else arguments, os.environ if environ is None else environ
        )
        listeners.append(listen(settings.host, settings.port))
        if settings.fault_port is not None:
            listeners.append(listen(settings.fault_host, settings.fault_port))
        app = build(settings)
    except (SettingsError, PortTaken, DatabaseUnavailable) as exc:
        for listener in listeners:
            listener.close()
        sys.stderr.write(f"promptpilot: {exc}\n")
        return BAD_INPUT
    return run(app, listeners[0], listeners[1] if len(listeners) > 1 else None)


if __name__ == "__main__":
    raise SystemExit(main())
