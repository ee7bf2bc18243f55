"""Keys in both clouds: without its key a holder holds nothing, so a key is a holder too."""

from infra.verify.models.model import family

VAULT = "oci:Kms/vault:Vault"
KEY = "oci:Kms/key:Key"
AWS_KEY = "aws:kms/key:Key"

MODELS = family("vaults", holders=(VAULT, KEY)) | family("legacy_access", holders=(AWS_KEY,))
