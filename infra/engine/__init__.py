"""The embedded deployment engine: plans and applies a Pulumi program as Pulumi's own engine does, in one process.

It knows nothing of residency or of this project's components: a program is a callable, a state is a deployment in
Pulumi's version-3 format, a cloud is a resource provider behind the `provider.Provider` protocol. Data flows one way:
`deployment.run` evaluates the program through the SDK (`monitor`), turns each registration into steps (`generator`),
carries the steps out (`executor`, `steps`), journals the state (`journal`) and tells what happens (`events`).
"""
