"""What the simulated Oracle Cloud answers over DNS: steering policies, zones, and a server on loopback.

`steering` is the executable reference of what a steering policy does; `zones` reads what is applied; `answers` turns
a query into a response; `server` speaks DNS; `health` fails and heals endpoints. No recursion, no signing.
"""
