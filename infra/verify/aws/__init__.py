"""AWS's policies, decided without a solver: whether a document admits any of a set of requests.

`document` reads a policy or says what in it is not modelled; `globs` cuts texts into classes that no pattern of the
policy tells apart; `cover` decides by subtracting what is denied, class by class; `replay` evaluates single requests on
the raw document, in another way. `legacy` asks what may never be admitted at a legacy site. What documents there allow
is read strictly by `plain` and judged by `grants`; `lets` and `visits` ask it again, request by request.
"""
