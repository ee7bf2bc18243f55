"""The forms that names, identifiers and dates must have, each with what to say where one has not.

A form admits no character that could mean something where the text ends up: in a statement, a policy, an address, a
report or a terminal. Quotes, blanks, newlines, markup and `../` are in none of them.
"""

import re
from dataclasses import dataclass, replace
from datetime import date

from infra.residency.findings import Finding, Rule, said


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A closed set of texts: the whole text must match `pattern`."""

    rule: Rule
    pattern: re.Pattern[str]
    allowed: str
    example: str
    why: str = ""

    def finding(self, text: str, path: str) -> Finding | None:
        """What is wrong with a text that stands at a path, or None where nothing is."""
        if self.pattern.fullmatch(text):
            return None
        tidy = re.sub(r"[\s_]+", "-", text.strip().lower())
        return Finding(
            path=path,
            rule=self.rule,
            given=said(text),
            allowed=self.allowed,
            why=self.why,
            fix=f"did you mean {tidy}?" if self.pattern.fullmatch(tidy) else f"write it like {self.example}",
        )

    def optional(self, text: str | None, path: str) -> Finding | None:
        """What is wrong with a text that need not be there; an empty one is there."""
        return None if text is None else self.finding(text, path)


def _form(rule: Rule, pattern: str, allowed: str, example: str, why: str = "") -> Form:
    return Form(rule=rule, pattern=re.compile(pattern), allowed=allowed, example=example, why=why)


_IN_BUCKETS = "it is part of the names of buckets"

_NO_NUMBER = r"(?!.*-[0-9]+$)"
_NOT_TO = r"(?!(?:.*-)?to(?:-|$))"  # flows are called `<what>-to-<where>`
_WORDS = "lower-case letters, digits and single hyphens, first a letter, last no hyphen"

ORGANIZATION = _form(
    Rule.NAME, r"[a-z](?:-?[a-z0-9]){1,11}(?<!.{13})", f"2 to 12 {_WORDS}", "usds", "it is part of every name"
)
DATASET = _form(
    Rule.NAME,
    rf"{_NO_NUMBER}{_NOT_TO}[a-z](?:-?[a-z0-9]){{1,23}}(?<!.{{25}})",
    f"2 to 24 {_WORDS} and no number such as -1, and not the word to",
    "profiles",
    "it is part of the names of buckets, where a number at the end is a shard's",
)
SITE = _form(
    Rule.NAME,
    rf"{_NO_NUMBER}{_NOT_TO}[a-z](?:-?[a-z0-9]){{1,23}}(?<!.{{25}})",
    f"2 to 24 {_WORDS} and no number such as -1, and not the word to",
    "virginia",
    "it is part of the names of keys, roles and flows",
)
EXPORT = _form(
    Rule.NAME,
    r"[a-z](?:-?[a-z0-9]){1,31}(?<!.{33})",
    f"2 to 32 {_WORDS}",
    "capacity-planning",
    "it is the name under which reports list the export",
)
GROUP = _form(
    Rule.NAME,
    r"[A-Za-z][A-Za-z0-9._-]{0,99}",
    "a group's name: up to 100 letters, digits, dots, hyphens and underscores, first a letter",
    "capacity-planners",
    "it stands as plain text in a policy statement",
)
NETWORK = _form(
    Rule.NAME,
    r"[a-z](?:-?[a-z0-9]){1,31}(?<!.{33})",
    f"2 to 32 {_WORDS}",
    "us-office",
    "it stands as plain text in a policy statement",
)
TENANCY = _form(
    Rule.IDENTIFIER,
    r"ocid1\.tenancy\.oc1\.\.[a-z0-9]{8,100}",
    "ocid1.tenancy.oc1.. and the tenancy's own letters and digits",
    "ocid1.tenancy.oc1..aaaaaaaa…",
    "one tenancy lives in one realm, here OC1",
)
SERVICE = _form(
    Rule.IDENTIFIER,
    r"ocid1\.service\.oc1\.[a-z0-9-]+\.[a-z0-9]{8,100}",
    "ocid1.service.oc1.<the region's key or name>. and the service's own letters and digits",
    "ocid1.service.oc1.iad.aaaaaaaa…",
    "the service gateway leads to all Oracle services of its own region",
)
COMPARTMENT = _form(
    Rule.IDENTIFIER,
    r"ocid1\.(?:compartment|tenancy)\.oc1\.\.[a-z0-9]{8,100}",
    "ocid1.compartment.oc1.. and the compartment's own letters and digits",
    "ocid1.compartment.oc1..aaaaaaaa…",
    "what holds the state is there before the stack, in a compartment that is not the stack's",
)
SECRET = _form(
    Rule.IDENTIFIER,
    r"ocid1\.vaultsecret\.oc1\.[a-z0-9-]+\.[a-z0-9]{8,100}",
    "ocid1.vaultsecret.oc1.<the region's key or name>. and the secret's own letters and digits",
    "ocid1.vaultsecret.oc1.iad.aaaaaaaa…",
    "the passphrase itself never stands in a stack file",
)
CERTIFICATE = _form(
    Rule.IDENTIFIER,
    r"ocid1\.certificate\.oc1\.[a-z0-9-]+\.[a-z0-9]{8,100}",
    "ocid1.certificate.oc1.<the region's key or name>. and the certificate's own letters and digits",
    "ocid1.certificate.oc1.iad.aaaaaaaa…",
    "certificates live in Oracle's certificate service; key material never stands in a stack file",
)
AUTHORITY = _form(
    Rule.IDENTIFIER,
    r"ocid1\.(?:cabundle|certificateauthority)\.oc1\.[a-z0-9-]+\.[a-z0-9]{8,100}",
    "ocid1.cabundle.oc1.… or ocid1.certificateauthority.oc1.… of the edge's own region",
    "ocid1.cabundle.oc1.iad.aaaaaaaa…",
    "the edge talks TLS to its back ends and has to know who vouches for them",
)
DETECTOR_RECIPE = _form(
    Rule.IDENTIFIER,
    r"ocid1\.cloudguarddetectorrecipe\.oc1\.[a-z0-9-]*\.[a-z0-9]{8,100}",
    "ocid1.cloudguarddetectorrecipe.oc1.<region>. and the recipe's own letters and digits",
    "ocid1.cloudguarddetectorrecipe.oc1.iad.aaaaaaaa…",
    "Oracle keeps a recipe of its own in every tenancy",
)
SECURITY_POLICY = _form(
    Rule.IDENTIFIER,
    r"ocid1\.securityzonessecuritypolicy\.oc1\.[a-z0-9-]*\.[a-z0-9]{8,100}",
    "ocid1.securityzonessecuritypolicy.oc1.. and the policy's own letters and digits",
    "ocid1.securityzonessecuritypolicy.oc1..aaaaaaaa…",
    "security policies have other identifiers in each realm",
)
BACKEND = _form(Rule.NAME, r"[a-z](?:-?[a-z0-9]){1,31}(?<!.{33})", f"2 to 32 {_WORDS}", "app-1")
NAMESPACE = _form(
    Rule.IDENTIFIER,
    r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    "the tenancy's Object Storage namespace: 3 to 63 lower-case letters, digits and hyphens",
    "axexample",
    "it is part of the address that applications write to",
)
PROFILE = _form(
    Rule.IDENTIFIER,
    r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
    "the name of a profile in ~/.oci/config: up to 64 letters, digits, dots, hyphens and underscores",
    "us-prod",
)
ACCOUNT = _form(
    Rule.IDENTIFIER,
    r"[0-9]{12}",
    "an AWS account: 12 digits in quotes",
    '"111111111111"',
    "providers refuse any other account",
)
AWS_ORGANIZATION = _form(
    Rule.IDENTIFIER,
    r"o-[a-z0-9]{10,32}",
    "the id of an AWS organization: o- and 10 to 32 lower-case letters and digits",
    "o-a1b2c3d4e5",
    "whoever is not of this organization reaches no backup",
)
ROLE = _form(
    Rule.NAME,
    r"[A-Za-z0-9+=,.@_-]{1,64}",
    "an IAM role's name (no path, no ARN): up to 64 letters, digits and +=,.@_-",
    "usdata-deployer",
    "the bucket policies spare this role alone, lest they lock it out",
)
BUCKET = _form(
    Rule.ADOPT,
    r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$)(?![0-9]+(?:\.[0-9]+){3}$)"
    r"(?=.{3,63}$)[a-z0-9](?:[a-z0-9-]|\.(?![.-]))*(?<![.-])",
    "an S3 bucket's name: 3 to 63 lower-case letters, digits, hyphens and single dots",
    "tt-sg-profiles-backup",
)
REASON = _form(
    Rule.NAME,
    r"[A-Za-z0-9](?:[A-Za-z0-9 .,;:()/+&%-]{1,198})[A-Za-z0-9.)]",
    "one line of 3 to 200 letters, digits, blanks and .,;:()/+&%-",
    "global capacity planning",
    "every report shows it",
)

SIGNER = _form(Rule.NAME, r"[a-z](?:-?[a-z0-9]){1,31}(?<!.{33})", f"2 to 32 {_WORDS}", "security")
ADDRESS = _form(
    Rule.IDENTIFIER,
    r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}@[A-Za-z0-9](?:[A-Za-z0-9-]|\.(?!\.)){1,180}\.[A-Za-z]{2,24}",
    "an e-mail address: letters, digits and ._+- before the @, a host behind it",
    "security-desk@example.com",
    "alarms are sent there",
)
USER = _form(
    Rule.IDENTIFIER,
    r"ocid1\.user\.oc1\.\.[a-z0-9]{8,100}",
    "ocid1.user.oc1.. and the user's own letters and digits",
    "ocid1.user.oc1..aaaaaaaa…",
    "logs name who acts by OCID",
)
CENSUS = _form(
    Rule.IDENTIFIER,
    r"[0-9a-f]{8,64}",
    "8 to 64 digits of a census root, in quotes",
    '"5a1e90c2"',
    "it is how a person says which data is to be deleted",
)

ISSUER = _form(
    Rule.CI,
    r"https://token\.actions\.githubusercontent\.com(?:/[a-z0-9](?:-?[a-z0-9]){0,38})?",
    "https://token.actions.githubusercontent.com, or that with / and your enterprise's own name",
    "https://token.actions.githubusercontent.com",
    "the workflows run there, and another issuer signs for others",
)
REPOSITORY = _form(
    Rule.CI,
    r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}",
    "one repository, as its owner and its name: letters, digits, dots, hyphens and underscores, no pattern",
    "example-org/usdata",
    "whoever can run a job there, in one of its environments, deploys",
)
ENVIRONMENT = _form(
    Rule.CI,
    r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?",
    "an environment's name: up to 64 letters, digits, hyphens and underscores, no pattern",
    "production",
    "a token is compared with it as a whole",
)
DOMAIN_URL = _form(
    Rule.CI,
    r"https://idcs-[0-9a-f]{32}\.(?:[a-z]{2,4}\.)?identity\.oraclecloud\.com",
    "the identity domain's address: https://idcs- and 32 digits, .identity.oraclecloud.com",
    "https://idcs-0123456789abcdef0123456789abcdef.identity.oraclecloud.com",
    "another domain believes others",
)
SCIM = _form(
    Rule.CI,
    r"[0-9a-f]{32}",
    "32 digits, as the identity domain names its applications, users and trusts",
    "0123456789abcdef0123456789abcdef",
)

HOLDER = _form(
    Rule.KEYS,
    r"[A-Za-z0-9](?:[A-Za-z0-9 .,()&+-]{1,78})[A-Za-z0-9.)]",
    "a name of 3 to 80 letters, digits, blanks and .,()&+-",
    "Example Custody LLC",
    "every proof prints it",
)
KEYS_DOMAIN = replace(DOMAIN_URL, rule=Rule.KEYS, why="Oracle gets its tokens for the key manager there")
KEYS_CLIENT = replace(SCIM, rule=Rule.KEYS, allowed="32 digits, as the identity domain names its applications")
KEYS_ID = _form(
    Rule.KEYS,
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "a key's id at the key manager: 32 lower-case hexadecimal digits in groups of 8, 4, 4, 4 and 12",
    "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
)
KEYS_URL = _form(
    Rule.KEYS,
    r"https://[A-Za-z0-9](?:[A-Za-z0-9-]|\.(?!\.)){0,252}(?::[0-9]{1,5})?(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)+/?",
    "https://, a host, and the path of the vault at the key manager, without a query",
    "https://keys.example.com/api/v1/cckm/oci/ekm/v1/vaults/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
    "requests about keys go there, over TLS",
)

AGENT = re.compile(r"[0-9a-f]{17}")
"""What is an agent's own in its ARN."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def day(text: str, path: str, findings: list[Finding]) -> date | None:
    """The date that a text writes; else None, and a finding."""
    try:
        found = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        findings.append(
            Finding(
                path=path,
                rule=Rule.DATE,
                given=said(text),
                allowed='a day of the calendar in quotes, as "YYYY-MM-DD"',
                fix='write it like "2027-03-31"',
            )
        )
    return found


def future_date(text: str, path: str, as_of: date, findings: list[Finding]) -> date | None:
    """The date that a text writes, if it is still to come; else None, and a finding."""
    found = day(text, path, findings)
    if found is not None and found <= as_of:
        findings.append(
            Finding(
                path=path,
                rule=Rule.EXPIRED,
                given=f"{text}, {_ago((as_of - found).days)}",
                allowed=f"a day after {as_of.isoformat()}",
                why="it is the first day on which it is too late",
                fix="end what has expired, or have it extended by those who decide that",
            )
        )
        return None
    return found


def _ago(days: int) -> str:
    return "which is today" if days == 0 else f"{days} day{'s' if days != 1 else ''} ago"
