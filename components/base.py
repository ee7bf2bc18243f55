"""What every component is, and the only ways in which one registers its children.

What it refuses:

* *Options of the caller.* They apply to the component itself. A child gets exactly what is written here: merged
  options would let the caller's parent, aliases or import id reach resources that they were not meant for.
* *A provider found by inheritance.* Every child names its own; the engine would take a default one where none is found.
* *An unprotected holder.* What holds data or a key, and what guards it, cannot be registered without protection. The
  guards share the fate of what they guard, since an engine deletes a protected resource's dependents before it fails at
  the protected one: a bucket that stays must keep its policy.
"""

from collections.abc import Iterable

import pulumi


class Component(pulumi.ComponentResource):
    """A component of this project; `kind` is the last part of its type token and, like its name, public API."""

    def __init__(self, kind: str, name: str, opts: pulumi.ResourceOptions | None) -> None:
        super().__init__(f"usdata:index:{kind}", name, {}, opts)

    def _child(
        self,
        provider: pulumi.ProviderResource,
        *,
        depends_on: Iterable[pulumi.Resource] = (),
        delete_before_replace: bool | None = None,
        set_elsewhere: Iterable[str] = (),
    ) -> pulumi.ResourceOptions:
        """Options of a child that neither holds data nor guards what does.

        Args:
            provider: the child's own.
            depends_on: what it names as plain text, or must not exist before.
            delete_before_replace: True where the cloud has no room for the old and the new one at once.
            set_elsewhere: properties that the cloud sets when another resource takes this one; to set them back would
                take it away again.
        """
        return pulumi.ResourceOptions(
            parent=self,
            provider=provider,
            depends_on=list(depends_on),
            delete_before_replace=delete_before_replace,
            ignore_changes=list(set_elsewhere),
            protect=False,  # else the component's own would be inherited
            retain_on_delete=False,
        )

    def _taken_over(
        self,
        provider: pulumi.ProviderResource,
        there: str | None,
        *,
        depends_on: Iterable[pulumi.Resource] = (),
        was: str | None = None,
    ) -> pulumi.ResourceOptions:
        """Options of a child without which nothing is deployed: it was there before the stack, and stays after it.

        Args:
            provider: the child's own.
            there: id of the existing resource to import; None where the stack makes it.
            depends_on: what it names as plain text.
            was: what it was called in an earlier release, which made it itself.
        """
        return pulumi.ResourceOptions(
            parent=self,
            provider=provider,
            depends_on=list(depends_on),
            protect=False,
            retain_on_delete=True,
            import_=there,
            aliases=[pulumi.Alias(name=was)] if was is not None else None,
        )

    def _rotated(
        self,
        provider: pulumi.ProviderResource,
        *,
        depends_on: Iterable[pulumi.Resource],
        when_changed: str,
        secrets: Iterable[str],
    ) -> pulumi.ResourceOptions:
        """Options of a key that gives way to a fresh one, of which there is no room for three.

        Args:
            provider: the child's own.
            depends_on: what must not exist before.
            when_changed: the property whose change means another key.
            secrets: outputs that are kept encrypted.
        """
        return pulumi.ResourceOptions(
            parent=self,
            provider=provider,
            depends_on=list(depends_on),
            replace_on_changes=[when_changed],
            delete_before_replace=True,
            additional_secret_outputs=list(secrets),
            protect=False,
            retain_on_delete=False,
        )

    def _holder(
        self,
        provider: pulumi.ProviderResource,
        *,
        depends_on: Iterable[pulumi.Resource] = (),
        kept: bool = True,
        adopt: str | None = None,
        told_once: Iterable[str] = (),
        secrets: Iterable[str] = (),
    ) -> pulumi.ResourceOptions:
        """Options of a child that holds data or keys, or guards what does.

        Args:
            provider: the child's own.
            depends_on: what it names as plain text, or must not exist before.
            kept: whether it is protected, and stays in its cloud should it leave the state. Only what the plan has
                given up is not: a legacy site that is wiped.
            adopt: id of the existing resource to import, where it was there before this stack. Adoption comes with
                protection on purpose: it has users that the stack does not know of, so a diff that would replace it
                has to fail.
            told_once: inputs that its cloud takes when it is made and at no other time.
            secrets: outputs that are kept encrypted.
        """
        return pulumi.ResourceOptions(
            parent=self,
            provider=provider,
            depends_on=list(depends_on),
            ignore_changes=list(told_once),
            additional_secret_outputs=list(secrets),
            protect=kept,
            retain_on_delete=kept,
            import_=adopt,
        )
