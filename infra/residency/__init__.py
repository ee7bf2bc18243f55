"""The kernel: what may lie where and flow whither, decided in plain values before any resource exists.

Standard library only; knows neither Pulumi nor a cloud SDK; no clock and no environment. Data flows one way:
`deployment` (what the stack file asks for) -> `planner.plan` (what that means, or every reason why it may not be) ->
`placement.Plan` (what the components register).
"""
