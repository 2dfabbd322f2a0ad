"""Answers everyone who connects to PORT of one of ADDRESSES with NAME: service.py NAME PORT ADDRESS…"""

import selectors
import socket
import sys

name, port, *addresses = sys.argv[1:]
selector = selectors.DefaultSelector()
for address in addresses:
    listener = socket.create_server((address, int(port)), backlog=64)
    selector.register(listener, selectors.EVENT_READ)
while True:
    for key, _ in selector.select():
        line, _ = key.fileobj.accept()
        line.sendall(name.encode() + b"\n")
        line.close()
