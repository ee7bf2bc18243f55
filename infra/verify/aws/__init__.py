"""AWS's policies, decided without a solver: whether a document admits any of a set of requests.

`document` reads a policy or says what in it is not modelled; `globs` cuts texts into classes that no pattern of the
policy tells apart; `cover` decides by subtracting what is denied, class by class; `replay` evaluates single requests on
the raw document, in another way. `legacy` asks what may never be admitted at a legacy site.
"""
