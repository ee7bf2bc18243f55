"""The offline provider: what it predicts, and that it says what it cannot know.

Proves the answers against the project's facts. It does not prove that the facts are those of the real providers; the
facts' own README names their sources and doubts.
"""

import pulumi
import pytest

from infra import facts
from infra.engine import deployment, digest, state, urns
from infra.engine.offline import OfflineProvider, offline_provider
from infra.engine.options import Command, Exit
from infra.engine.provider import Changes, DiffKind, PropertyDiff, ProviderError
from infra.engine.values import UNKNOWN, Asset, Encrypted, ResourceReference, Secret

BUCKET = "oci:ObjectStorage/bucket:Bucket"
LIFECYCLE = "oci:ObjectStorage/objectLifecyclePolicy:ObjectLifecyclePolicy"
KEY = "oci:Kms/key:Key"
SUBNET = "oci:Core/subnet:Subnet"
KNOWLEDGE = "oci:Adm/knowledgeBase:KnowledgeBase"
AWS_BUCKET = "aws:s3/bucket:Bucket"
QUEUE = "aws:sqs/queue:Queue"
RULE = {"action": "DELETE", "isEnabled": True, "name": "r", "timeAmount": "30", "timeUnit": "DAYS"}


def urn(type_, name="thing"):
    """The URN of a resource."""
    return urns.make(stack="dev", project="p", parent_type="", type_=type_, name=name)


def ask(type_, old, new, *, outputs=None, ignore=()):
    """The provider's answer to Diff."""
    return OfflineProvider(urns.package_of(type_)).diff(
        urn=urn(type_),
        id_="id",
        old_inputs={"__defaults": [], **old},
        old_outputs=outputs or {},
        new_inputs={"__defaults": [], **new},
        ignore_changes=ignore,
        preview=True,
    )


def told(answer):
    """The detailed diff in short: `update`, `update-replace`, `update?` where nobody knows."""
    return {path: f"{diff.kind}{'?' if diff.may_replace else ''}" for path, diff in answer.detailed.items()}


@pytest.mark.parametrize(
    ("type_", "old", "new", "expected", "replaces"),
    [
        pytest.param(BUCKET, {"name": "a"}, {"name": "a"}, {}, (), id="nothing"),
        pytest.param(BUCKET, {"name": "a"}, {"name": "b"}, {"name": "update-replace"}, ("name",), id="force-new"),
        pytest.param(
            BUCKET, {"versioning": "Disabled"}, {"versioning": "Enabled"}, {"versioning": "update"}, (), id="update"
        ),
        pytest.param(
            KEY,
            {"keyShape": {"algorithm": "AES", "length": 32}},
            {"keyShape": {"algorithm": "AES", "length": 16}},
            {"keyShape.length": "update-replace"},
            ("keyShape",),
            id="nested force-new",
        ),
        pytest.param(
            LIFECYCLE, {"rules": [RULE, RULE | {"name": "s"}]}, {"rules": [RULE | {"name": "s"}, RULE]}, {}, (),
            id="set",
        ),
        pytest.param(
            LIFECYCLE, {"rules": [RULE]}, {"rules": [RULE | {"name": "s"}, RULE]}, {"rules[0]": "add"}, (),
            id="an element more in a set",
        ),
        pytest.param(SUBNET, {"dnsLabel": "Data"}, {"dnsLabel": "data"}, {}, (), id="suppressed: case"),
        pytest.param(
            BUCKET, {"definedTags": {"a.b": "c", "Oracle-Tags.CreatedBy": "x"}}, {"definedTags": {"A.b": "c"}}, {}, (),
            id="suppressed: system tags",
        ),
        pytest.param(
            SUBNET, {"vcnId": "v"}, {"vcnId": UNKNOWN}, {"vcnId": "update-replace"}, ("vcnId",), id="unknown counts"
        ),
        pytest.param(
            KNOWLEDGE, {"compartmentId": "a", "displayName": "x"}, {"compartmentId": "b", "displayName": "x"},
            {"compartmentId": "update"}, (), id="flags where full facts are missing",
        ),
        pytest.param(QUEUE, {"delaySeconds": 1}, {"delaySeconds": 2}, {"delaySeconds": "update?"}, (), id="no fact"),
        pytest.param(
            "random:index/pet:Pet", {"length": 1}, {"length": 2}, {"length": "update?"}, (), id="no such package"
        ),
        pytest.param(BUCKET, {"metadata": Secret({"k": "v"})}, {"metadata": {"k": "v"}}, {}, (), id="secretness alone"),
        pytest.param(
            BUCKET, {"metadata": Secret({"k": "v"})}, {"metadata": Secret({"k": "w"})}, {"metadata.k": "update"}, (),
            id="a secret that can be read",
        ),
        pytest.param(
            SUBNET, {"vcnId": ResourceReference("u", "v")}, {"vcnId": "v"}, {}, (), id="a resource stands for its id"
        ),
        pytest.param(
            SUBNET, {"vcnId": "v"}, {"vcnId": ResourceReference("u", UNKNOWN)}, {"vcnId": "update-replace"},
            ("vcnId",), id="a resource without an id yet",
        ),
        pytest.param(
            QUEUE, {"policy": Asset({"hash": "1"})}, {"policy": Asset({"hash": "1", "path": "x"})}, {}, (),
            id="same file",
        ),
        pytest.param(BUCKET, {"metadata": {"k": "v"}}, {"metadata": {"k": "v"}, "x": None}, {}, (), id="null"),
    ],
)  # fmt: skip
def test_diff(type_, old, new, expected, replaces):
    """Each kind of change gives exactly the expected property changes and reasons to replace."""
    answer = ask(type_, old, new)

    assert (told(answer), tuple(answer.replaces)) == (expected, replaces)
    assert answer.changes is (Changes.SOME if expected else Changes.NONE)


@pytest.mark.parametrize(
    ("old", "new", "first"),
    [
        pytest.param({"name": "a"}, {"name": "b"}, True, id="named by the program"),
        pytest.param(
            {"name": "a", "__defaults": ["name"]}, {"name": "b", "__defaults": ["name"]}, False, id="generated"
        ),
        pytest.param({"versioning": "a", "name": "n"}, {"versioning": "b", "name": "n"}, False, id="no replacement"),
    ],
)
def test_delete_before_replace(old, new, first):
    """A name chosen by the program would collide with itself, so the old resource goes first."""
    base = {"compartmentId": "c"}
    assert ask(BUCKET, {**base, **old}, {**base, **new}).delete_before_replace is first


def test_ignored_changes():
    """What the program ignores is no change."""
    assert ask(BUCKET, {"name": "a"}, {"name": "b"}, ignore=["name"]).changes is Changes.NONE


def test_an_encrypted_secret_is_not_guessed():
    """Without the passphrase nobody knows whether a secret changed: it may, and it says so; the same one did not."""
    old, same = Secret(Encrypted("v1:a")), Secret(Encrypted("v1:a"))
    answer = ask(BUCKET, {"name": old}, {"name": Secret("text")})

    assert told(answer) == {"name": "update?"}
    assert answer.replaces == ()
    assert answer.notes == ("the old value of name is encrypted: whether it changes is not known",)
    assert ask(BUCKET, {"name": old}, {"name": same}).changes is Changes.NONE


def test_a_value_chosen_by_the_cloud():
    """An input newly set to what the cloud had chosen already is no change."""
    assert ask(BUCKET, {}, {"storageTier": "Standard"}, outputs={"storageTier": "Standard"}).changes is Changes.NONE


class TestCheck:
    """What is refused in a preview, and what is filled in."""

    def check(self, type_, news, olds=None, name="thing", region=None):
        """The provider's answer to Check."""
        provider = OfflineProvider(urns.package_of(type_))
        provider.configure(urn=urn("pulumi:providers:aws"), id_="i", inputs={"region": region} if region else {})
        return provider.check(urn=urn(type_, name), olds=olds, news=news, random_seed=b"seed", preview=True)

    @pytest.mark.parametrize(
        ("type_", "news", "reasons"),
        [
            pytest.param(
                BUCKET, {"compartmentId": "c", "namespace": "n", "versionning": "Enabled"},
                ["Invalid or unknown key (did you mean versioning?). Examine values at 'thing.versionning'."],
                id="unknown property",
            ),
            pytest.param(
                BUCKET, {"compartmentId": "c"},
                [
                    ('Missing required argument. The argument "namespace" is required, but no definition was found.. '
                    "Examine values at 'thing.namespace'.")
                ],
                id="missing property",
            ),
            pytest.param(
                BUCKET, {"compartmentId": "c", "namespace": UNKNOWN, "name": 5},
                ["expected string type, got number type. Examine values at 'thing.name'."], id="wrong type",
            ),
            pytest.param(
                "oci:ObjectStorage/buckett:Bucket", {},
                ["unrecognized resource type oci:ObjectStorage/buckett:Bucket: the oci provider has none of that name"],
                id="no such type",
            ),
            pytest.param(KNOWLEDGE, {"compartmentId": "c"}, [], id="a type known from the SDK only"),
            pytest.param("random:index/pet:Pet", {"anything": 1}, [], id="a package that nobody knows"),
        ],
    )  # fmt: skip
    def test_refusals(self, type_, news, reasons):
        """The reasons, in the real provider's words."""
        assert [f.reason for f in self.check(type_, news).failures] == reasons

    def test_generated_names(self):
        """A name that the program leaves out is generated from the seed, and kept once it is."""
        news = {"compartmentId": "c", "namespace": "n"}
        first = self.check(BUCKET, news).inputs
        again = self.check(BUCKET, news, olds={**first, "name": "thing-1234567"}).inputs

        assert first["name"].startswith("thing-")
        assert len(first["name"]) == len("thing-1234567")
        assert "name" in first["__defaults"]
        assert again["name"] == "thing-1234567"

    def test_region_of_an_aws_resource(self):
        """The AWS provider writes its own region into each resource that names none."""
        assert self.check(AWS_BUCKET, {}, region="us-east-1").inputs["region"] == "us-east-1"
        assert self.check(AWS_BUCKET, {"region": "x"}, region="us-east-1").inputs["region"] == "x"


class TestConfiguration:
    """Provider resources."""

    @pytest.mark.parametrize(("package", "replaces"), [("aws", ("region",)), ("oci", ())])
    def test_changed_region(self, package, replaces):
        """A changed region replaces the AWS provider and leaves the Oracle provider in place, as in reality."""
        answer = offline_provider(package).diff_config(
            urn=urn(f"pulumi:providers:{package}"),
            old_inputs={"region": "a", "version": "1"},
            old_outputs={},
            new_inputs={"region": "b", "version": "2"},
        )
        assert (list(answer.changed), tuple(answer.replaces)) == (["region"], replaces)
        kind = DiffKind.UPDATE_REPLACE if replaces else DiffKind.UPDATE
        assert answer.detailed == {"region": PropertyDiff(kind=kind)}

    def test_any_configuration_passes(self):
        """Nothing is known about configurations, so nothing is refused."""
        answer = offline_provider("oci").check_config(urn=urn("pulumi:providers:oci"), olds=None, news={"region": "a"})
        assert (answer.inputs, answer.failures) == ({"region": "a"}, ())


class TestPreviewedOutputs:
    """What a program sees of resources that do not exist yet."""

    def test_create(self):
        """What only the cloud fills in is unknown, the rest is what was asked for."""
        created = offline_provider("oci").create(
            urn=urn(BUCKET), inputs={"name": "b", "metadata": {"a": "1", "__defaults": []}}, timeout=0, preview=True
        )
        assert created.id == ""
        assert created.outputs["bucketId"] is UNKNOWN
        assert (created.outputs["name"], created.outputs["metadata"]) == ("b", {"a": "1"})

    def test_update_keeps_what_the_cloud_filled_in(self):
        """An update in place leaves the cloud's own outputs as they were."""
        updated = offline_provider("oci").update(
            urn=urn(BUCKET),
            id_="i",
            old_inputs={},
            old_outputs={"bucketId": "ocid1.bucket"},
            new_inputs={"name": "b"},
            ignore_changes=(),
            timeout=0,
            preview=True,
        )
        assert updated.outputs["bucketId"] == "ocid1.bucket"

    def test_secret_outputs_are_marked(self):
        """An output that the provider keeps secret is secret even while it is unknown."""
        secret = min(t for t in facts.known_tokens() if facts.type_facts(t).secret_outputs)
        outputs = (
            offline_provider(urns.package_of(secret))
            .create(urn=urn(secret), inputs={}, timeout=0, preview=True)
            .outputs
        )
        assert {n for n, v in outputs.items() if isinstance(v, Secret)} == set(facts.type_facts(secret).secret_outputs)

    def test_read(self):
        """A resource of the state is as the state has it; one that is only now adopted is unknown."""
        provider = offline_provider("oci")
        known = provider.read(urn=urn(BUCKET), id_="i", inputs={"a": 1}, state={"a": 1, "b": 2}, timeout=0)
        adopted = provider.read(urn=urn(BUCKET), id_="i", inputs=None, state=None, timeout=0)
        foreign = offline_provider("x").read(urn=urn("x:y:Z"), id_="i", inputs=None, state=None, timeout=0)

        assert (known.id, known.inputs, known.outputs) == ("i", {"a": 1}, {"a": 1, "b": 2})
        assert (adopted.id, adopted.inputs, set(adopted.outputs.values())) == ("i", {}, {UNKNOWN})
        assert foreign.outputs == {}

    def test_reality_is_refused(self):
        """Nothing but a preview: a create, update, delete or function call is an error by name."""
        provider = offline_provider("oci")
        with pytest.raises(ProviderError, match="can only be previewed"):
            provider.create(urn=urn(BUCKET), inputs={}, timeout=0, preview=False)
        with pytest.raises(ProviderError, match="can only be previewed"):
            provider.delete(urn=urn(BUCKET), id_="i", inputs={}, outputs={}, timeout=0)
        with pytest.raises(ProviderError, match="asks the cloud, which an offline preview cannot"):
            provider.invoke(token="oci:ObjectStorage/getNamespace:getNamespace", args={}, preview=True)
        provider.cancel()
        provider.close()


class _Any(pulumi.CustomResource):
    """A resource of any type."""

    def __init__(self, type_, name, inputs, provider, import_=None) -> None:
        super().__init__(type_, name, inputs, pulumi.ResourceOptions(provider=provider, import_=import_))


def program(delay, adopt=None) -> None:
    """One bucket and one queue, each with its explicit provider."""
    oci = pulumi.ProviderResource("oci", "oci-iad", {"region": "us-ashburn-1"})
    aws = pulumi.ProviderResource("aws", "aws-use1", {"region": "us-east-1"})
    _Any(BUCKET, "b", {"compartmentId": "c", "namespace": "n", "name": "b"}, oci, adopt)
    _Any(QUEUE, "q", {"delaySeconds": delay}, aws)


def preview(tmp_path, document, delay, adopt=None):
    """Result and JSON document of an offline preview of one bucket and one queue."""
    events = []
    result = deployment.run(
        command=Command.PREVIEW,
        program=lambda: program(delay, adopt),
        project="p",
        stack="dev",
        config={},
        state=state.load(document),
        providers=offline_provider,
        root_directory=tmp_path,
        on_event=events.append,
    )
    return result, digest.digest(events)


def exported(delay):
    """A state as `pulumi stack export` prints it, with everything that the program has."""
    stack, oci = urns.root_stack(stack="dev", project="p"), urn("pulumi:providers:oci", "oci-iad")
    aws = urn("pulumi:providers:aws", "aws-use1")
    bucket = {"compartmentId": "c", "namespace": "n", "name": "b", "accessType": "NoPublicAccess", "__defaults": []}
    queue = {"delaySeconds": delay, "region": "us-east-1", "__defaults": []}

    def custom(urn_, id_, inputs, provider=None) -> dict[str, object]:
        record = {"urn": urn_, "type": urns.type_of(urn_), "custom": True, "id": id_, "inputs": inputs}
        return record | {"outputs": inputs, "parent": stack} | ({"provider": provider} if provider else {})

    return {
        "version": 3,
        "deployment": {
            "manifest": {},
            "resources": [
                {"urn": stack, "type": urns.ROOT_STACK_TYPE, "custom": False},
                custom(oci, "1", {"region": "us-ashburn-1"}),
                custom(aws, "2", {"region": "us-east-1"}),
                custom(urn(BUCKET, "b"), "n/n/b/b", bucket, f"{oci}::1"),
                custom(urn(QUEUE, "q"), "https://q", queue, f"{aws}::2"),
            ],
        },
    }


class TestThroughTheEngine:
    """The provider in previews of a small program, as the command line uses it."""

    def test_from_nothing(self, tmp_path):
        """Everything is created."""
        result, _ = preview(tmp_path, {}, 1)
        assert (result.exit, dict(result.changes)) == (Exit.OK, {"create": 5})

    def test_nothing_changes(self, tmp_path):
        """The same program against its own state changes nothing: defaults and the provider's region do not count."""
        result, _ = preview(tmp_path, exported(1), 1)
        assert (result.exit, dict(result.changes), result.diagnostics) == (Exit.OK, {"same": 5}, [])

    def test_what_nobody_knows_reaches_the_document(self, tmp_path):
        """A property without a fact is an update that says it may replace, in the steps and in the JSON document."""
        result, document = preview(tmp_path, exported(1), 2)
        (step,) = (s for s in document["steps"] if s["op"] != "same")

        assert dict(result.changes) == {"same": 4, "update": 1}
        assert (step["urn"], step["detailedDiff"]) == (
            urn(QUEUE, "q"),
            {"delaySeconds": {"kind": "update", "inputDiff": True, "mayReplace": True}},
        )

    def test_adoption(self, tmp_path):
        """An adopted bucket is imported, and it is said that more cannot be seen."""
        result, document = preview(tmp_path, {}, 1, adopt="n/n/b/b")

        assert (result.exit, dict(result.changes)) == (Exit.OK, {"create": 4, "import": 1})
        assert [d["message"] for d in document["diagnostics"]] == [
            "warning: it is adopted: whether it differs from the program is only seen by a preview with credentials\n"
        ]
