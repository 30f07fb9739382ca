"""The first step of every child process: tie its life to the harness, wait for the word, become the command.

It runs in a Python of its own (`python -I -S launcher.py HARNESS_PID COMMAND...`), not as a preexec_fn, which
is unsafe in a process with threads. One byte on its standard input means go; the end of it means never mind.
Signals that came in blocked stay so for a command that lets them in itself (promproof/interrupts.py): it is told of
one that came before it could answer. Every other command gets them unblocked.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LETS_SIGNALS_IN = "promproof.interrupts"


def main(harness: int, command: list[str]) -> None:
    prctl = getattr(ctypes.CDLL(None, use_errno=True), "prctl", None)
    if prctl is not None:
        # Kept across exec: the kernel ends this process when the harness ends, however that ends.
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != harness or not os.read(0, 1):
        os._exit(0)  # the harness is gone already
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    # Python ignores SIGPIPE, and a harness started with `nohup` or `&` hands on an ignored SIGINT.
    for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    if _LETS_SIGNALS_IN not in command:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.stderr.write(f"cannot start {command[0]}: {error.strerror}\n")
        sys.stderr.flush()
        os._exit(127)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
