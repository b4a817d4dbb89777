"""The only door to the network (``link/`` aside): scope, pace, TCP, UDP, multicast, lenient HTTP, TLS policy."""
