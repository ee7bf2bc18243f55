"""Type tokens of what takes part in answering users, and Oracle's name servers; no library is needed to know them."""

from typing import Final

ZONE: Final = "oci:Dns/zone:Zone"
RRSET: Final = "oci:Dns/rrset:Rrset"
RECORD: Final = "oci:Dns/record:Record"
STEERING_POLICY: Final = "oci:Dns/steeringPolicy:SteeringPolicy"
ATTACHMENT: Final = "oci:Dns/steeringPolicyAttachment:SteeringPolicyAttachment"
MONITOR: Final = "oci:HealthChecks/httpMonitor:HttpMonitor"
PING_MONITOR: Final = "oci:HealthChecks/pingMonitor:PingMonitor"
LOAD_BALANCER: Final = "oci:LoadBalancer/loadBalancer:LoadBalancer"

NAME_SERVERS: Final = tuple(f"ns{n}.p68.dns.oraclecloud.net" for n in range(1, 5))
