"""Networks on Windows 10, 11 and Server 2016 or newer, on 64-bit processors.

None of it has been tried on a real Windows machine; most has been tried under Wine, on Linux.
"""
