"""The entry point of ``camscan`` and ``python -m camscan``."""

from __future__ import annotations

import gc
import signal


def main() -> None:
    """Run the command line. Ctrl-C while it is loading ends the program at once: there is nothing to save yet."""
    is_ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not if the shell has set it to be ignored
    if is_ours:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Objects of a command live until it ends: looking for garbage among 20,000 devices took a third of its time.
    # Loading the modules of a scan makes 110,000 objects, none of them garbage.
    gc.set_threshold(200_000, 20, 20)
    from camscan import cli  # noqa: PLC0415 - what takes long to load

    if is_ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        cli.main()
    finally:
        gc.freeze()  # at its exit, Python would search all objects for garbage: a tenth of a scan's work


if __name__ == "__main__":
    main()
