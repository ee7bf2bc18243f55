"""How backups get to a legacy site: AWS DataSync tasks there that read Oracle Cloud, one for each shard of a dataset.

Each task reads one bucket through Object Storage's S3-compatible endpoint, in basic mode, through agents that stand at
the site, and writes it under the shard's prefix of the site's backup bucket. Writing towards Oracle Cloud is the
business of the retirement tool's `drain`, not of DataSync.

It registers, in Oracle Cloud's home region, `oci:Identity/user:User`, `oci:Identity/group:Group`,
`oci:Identity/userGroupMembership:UserGroupMembership`, `oci:Identity/networkSource:NetworkSource`,
`oci:Identity/policy:Policy` and two `oci:Identity/customerSecretKey:CustomerSecretKey` (replaced when their display
name changes, deleted before they are created anew: a user has two at most); at the site
`aws:datasync/locationObjectStorage:LocationObjectStorage`, `aws:datasync/s3Location:S3Location`,
`aws:datasync/task:Task`, `aws:sns/topic:Topic` and `aws:cloudwatch/metricAlarm:MetricAlarm`.

What it refuses:

* *Transfer without an address.* Agentless transfer comes from no address that a network source could name; every
  location names its agents, and the read grant holds from their addresses only.
"""
