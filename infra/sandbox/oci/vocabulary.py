"""Words of Oracle's policy language that the sandbox knows.

Sources: Oracle's pages "Policy Reference" (service by service) and "Quota Policies by Service".
"""

from typing import Final

FAMILIES: Final = frozenset(
    """
    all-resources api-gateway-family audit-events autonomous-database-family bastion-family budgets-and-usage
    certificate-authority-family cloud-guard-family cluster-family compute-management-family database-family
    data-catalog-family data-safe-family dns drg-object email-family file-family functions-family
    goldengate-family instance-agent-command-family instance-family key-family keys load-balancers log-groups
    logging-family loganalytics-features-family loganalytics-resources-family metrics
    mysql-family network-firewall-family network-security-groups nosql-family object-family ons-family
    optimizer-api-family secret-family security-zone serviceconnectors stream-family streams tag-namespaces
    vaults virtual-network-family volume-family waas-family waf-family zpr-family
    """.split()
)

RESOURCES: Final = frozenset(
    """
    alarms announcements api-gateways app-catalog-listing approved-sender auditconfigurations
    authentication-policies autonomous-databases backup-boot-volumes bastion boot-volume-backups boot-volumes
    buckets budgets capture-filters certificate-authorities cloud-guard-config cloud-guard-data-masking-rules
    cloud-guard-detector-recipes cloud-guard-detectors cloud-guard-managed-lists cloud-guard-problems
    cloud-guard-recommendations cloud-guard-responder-recipes cloud-guard-risk-scores cloud-guard-targets
    cloud-guard-user-preferences cloud-shell cloud-shell-public-network cloudevents-rules clusters compartments
    compute-capacity-reports compute-hosts console-histories cost-analysis credentials cross-connects
    dedicated-vm-hosts dhcp-options dns-records dns-steering-policies dns-steering-policy-attachments
    dns-tsig-keys dns-views dns-zone-records dns-zones domains drg-attachments drg-route-distributions
    drg-route-tables drgs dynamic-groups dynamic-routing-gateways events-rules export-sets export-tasks file-systems
    fn-app fn-function fn-invocation group-memberships groups health-check-family healthcheck-http-probe
    http-monitors iamworkrequests identity-providers instance-configurations instance-console-connection instance-images
    instance-pools instances internet-gateways ipv6s key-backups key-delegate key-versions leaf-certificates
    limits load-balancer-family local-peering-gateways local-peering-from local-peering-to log-content
    managed-instances mount-targets mysql-instances nat-gateways network-firewall network-firewall-policy
    network-sources network-security-policy nosql-tables objects objectstorage-namespaces
    objectstorage-private-endpoint objectstorage-private-endpoints oke-cluster
    ons-subscriptions ons-topics orm-jobs orm-stacks path-analyzer-test
    pluggable-databases policies ping-monitors private-ips public-ips quotas remote-peering-connections
    remote-peering-from remote-peering-to repos resource-availability route-tables search-resources secrets
    secret-bundles secret-versions security-attribute-namespaces security-lists security-recipe
    security-recipes security-zones service-gateways stream-consume stream-pools stream-produce
    stream-pull stream-push subnets tag-defaults tagdefaults tenancies tickets usage-budgets usage-reports
    users vault-replicas vcns virtual-circuits vlans vnic-attachments vnics volume-attachments volume-backups
    volume-group-backups volume-groups volumes vss-family vtaps waas-policies waf waf-policy web-app-firewall
    web-app-firewall-policy work-requests workrequest zpr-configurations zpr-policy zpr-policies
    """.split()
)

SERVICES: Final = frozenset(
    """
    announcements apigw blockstorage cloudevents cloudguard compute_management dataintegration datascience
    dpd faas fssoc1prod goldengate keymanagementservice loganalytics logging mysql_dp_auth notifications oke
    operatoraccesscontrol osms rqsops serviceconnector streaming threatintelligence vaultsecret virtualnetwork
    vss vulnerability-scanning-service zpr
    """.split()
)

QUOTA_FAMILIES: Final = frozenset(
    """
    analytics api-gateway auto-scaling big-data block-storage blockchain cloud-shell compute compute-core compute-memory
    container-engine content-delivery data-catalog data-flow data-integration data-science database dns email-delivery
    events faas fast-connect filesystem goldengate health-checks integration kms load-balancer logging management-agent
    monitoring mysql network-firewall network-load-balancer-api nosql notifications object-storage operations-insights
    organizations resource-manager service-connector-hub streaming vault vcn vpn waf
    """.split()
)
