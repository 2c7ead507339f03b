"""A Modbus slave made of python3-pymodbus, for the tests of board/modbus.

    slave.py rtu PATH COILS INPUTS    on a serial line
    slave.py tcp 0    COILS INPUTS    Modbus TCP on a free port of the loopback

COILS is how many coils unit 1 has, INPUTS the first inputs as digits. It prints "ready PORT", then
"coil ADDRESS VALUE" for each coil that is written. It ends when its standard input does.

It uses the library's framers, messages and store, but a loop of its own: the library's server wants
python3-serial, which the package does not depend on.
"""

import os
import select
import signal
import socket
import sys
import tty

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.factory import ServerDecoder
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

UNIT = 1


class Coils(ModbusSequentialDataBlock):
    """Coils that say when they are written."""

    def setValues(self, address, values):
        super().setValues(address, values)
        for i, value in enumerate(values):
            print("coil", address + i, int(value), flush=True)


def converse(context, framer, read, write, wait_for):
    """Answer requests until the line or the standard input ends."""

    def answer(request):
        response = request.execute(context[UNIT])
        response.unit_id = request.unit_id
        response.transaction_id = request.transaction_id
        write(framer.buildPacket(response))

    while True:
        ready, _, _ = select.select([wait_for, sys.stdin], [], [])
        if sys.stdin in ready:
            return
        data = read()
        if not data:
            return
        framer.processIncomingPacket(data, answer, [UNIT])


def main():
    signal.alarm(60)  # never outlives a test that hangs
    mode, path, coils, inputs = sys.argv[1:]
    store = ModbusSlaveContext(
        co=Coils(0, [False] * int(coils)),
        di=ModbusSequentialDataBlock(0, [digit == "1" for digit in inputs]),
        zero_mode=True,
    )
    context = ModbusServerContext(slaves={UNIT: store}, single=False)
    if mode == "rtu":
        line = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(line)
        print("ready 0", flush=True)
        framer = ModbusRtuFramer(ServerDecoder())
        converse(context, framer, lambda: os.read(line, 256), lambda p: os.write(line, p), line)
        return
    listener = socket.create_server(("127.0.0.1", 0))
    print("ready", listener.getsockname()[1], flush=True)
    conn, _ = listener.accept()
    framer = ModbusSocketFramer(ServerDecoder())
    converse(context, framer, lambda: conn.recv(256), conn.sendall, conn)


main()
