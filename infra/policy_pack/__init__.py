"""The proof as a policy pack of the ordinary command line: `pulumi preview|up --policy-pack infra/policy_pack/pack`.

A thin adapter over `infra.verify`. It speaks the engine's analyzer protocol itself: the usual library for packs hides
unknown values from a rule or skips the rule, and a proof has to see them. The engine hands over the configuration of
the stack, so there is no second file that could say something else.
"""
