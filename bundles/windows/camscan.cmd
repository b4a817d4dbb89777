@echo off
rem camscan with the Python that came with it; all arguments go on, and so does the exit code.
setlocal
set CAMSCAN_CALLED_AS=%0
"%~dp0python\python.exe" -X utf8 -m camscan %*
