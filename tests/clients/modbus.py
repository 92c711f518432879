# SPDX-License-Identifier: ISC
"""modbus.py serve ADDRESS PORT: a device of 2000 registers and coils.
modbus.py use ADDRESS PORT: write and read them, with a client of pymodbus.
"""
import sys

from pymodbus.client import ModbusTcpClient
from pymodbus.datastore import (ModbusSequentialDataBlock, ModbusServerContext,
                                ModbusSlaveContext)
from pymodbus.server import StartTcpServer


def serve(where):
    def block():
        return ModbusSequentialDataBlock(0, [0] * 2000)
    slave = ModbusSlaveContext(di=block(), co=block(), hr=block(), ir=block(),
                               zero_mode=True)
    StartTcpServer(context=ModbusServerContext(slaves=slave, single=True),
                   address=where)


def use(where):
    c = ModbusTcpClient(where[0], port=where[1], timeout=10, retries=0)
    assert c.connect(), "no connection"
    for n in range(200):
        want = [(n * 100 + i) % 65536 for i in range(100)]
        at = n % 19 * 100
        assert not c.write_registers(at, want).isError()
        got = c.read_holding_registers(at, 100)
        assert not got.isError() and got.registers == want, got
    want = [i % 3 == 0 for i in range(800)]
    assert not c.write_coils(0, want).isError()
    assert c.read_coils(0, 800).bits[:800] == want
    assert not c.write_register(1999, 7).isError()
    wrong = c.read_holding_registers(1990, 100)
    assert wrong.isError() and wrong.exception_code == 2, wrong
    c.close()
    print("registers and coils ok")


where = sys.argv[2], int(sys.argv[3])
{"serve": serve, "use": use}[sys.argv[1]](where)
