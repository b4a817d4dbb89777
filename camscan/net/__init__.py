"""The only way to the network (besides ``link/``): scope, pace, TCP, UDP, multicast, lenient HTTP, TLS policy."""
