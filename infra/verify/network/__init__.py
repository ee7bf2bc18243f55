"""T4 network: no packet from a subnet that holds data ends anywhere but where it may.

It may end at the service gateway of its own region, in subnets of this stack's US regions that hold data, and in the
application tiers of its edges. Every subnet holds data that is not within the range that the stack's configuration
gives to a region's edge. What a subnet answers counts like what it sends: whoever is let in gets data.

`read` turns resources into `model`'s plain values, or says what it does not model; `reach` decides, and `walk` decides
again in another way.
"""
