"""What a steering policy can answer, to whom, and when: for policies whose pool holds more than edges of this stack.

`model` reads a policy, `closed` decides by the closed form, `enumeration` again by playing every client, every state of
health and every order. What happens when everything is down is not documented: both readings count, and so does every
order that a rule's documentation leaves open. `fronts` says what stands behind an edge's address, `handed_on` again.
"""
