"""The core that the command line and other front ends share: what a program does with camscan, without a terminal."""
