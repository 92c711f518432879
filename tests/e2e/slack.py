# SPDX-License-Identifier: ISC
"""Run a program with timers that may be late by so many seconds.

    slack.py SECONDS PROGRAM ARG...
"""
import ctypes
import os
import sys

PR_SET_TIMERSLACK = 29
libc = ctypes.CDLL(None)
libc.prctl(PR_SET_TIMERSLACK, ctypes.c_ulong(int(sys.argv[1]) * 10**9))
os.execv(sys.argv[2], sys.argv[2:])
