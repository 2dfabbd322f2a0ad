"""Asks ADDRESS at PORT again and again, and prints a line per question: the answer, `-` when none
came in time, `!` when there was no way to who answers, or nobody there."""

import socket
import sys
import time


def ask(place):
    try:
        with socket.create_connection(place, timeout=0.2) as line:
            return line.makefile().readline().strip() or "!"
    except TimeoutError:
        return "-"
    except OSError:
        return "!"


address, port = sys.argv[1:]
while True:
    print(ask((address, int(port))), flush=True)
    time.sleep(0.002)
