"""The errors Promoloop raises on purpose.

PromoloopError            final: a retry cannot change it
├── SourceError           a source file, table or column is not what its contract says
├── ContractError         a frame handed between stages breaks its table's contract
├── GateError             more bad rows, or a worse model, than a gate allows
├── LakeError             a partition is missing, or its bytes differ from its manifest
├── PolicyError           policy.yml, assumptions.yml or gates.yml holds an unusable value
├── InfeasibleError       no plan satisfies the limits
├── OutdatedPlanError     a plan of an earlier day than the live one was to be published
├── TargetError           a publish target could not take a version
└── ServiceError          a local service or tool the platform needs is not there

Every message says what was received, what was expected, and what to do. Anything
else that is raised may be transient and is retried.
"""


class PromoloopError(Exception):
    """Base of every error a retry cannot change."""


class SourceError(PromoloopError):
    """A source file, table or column is not what its contract says."""


class ContractError(PromoloopError):
    """A frame handed between stages breaks its table's contract."""


class GateError(PromoloopError):
    """More bad rows, or a worse model, than a gate allows."""


class LakeError(PromoloopError):
    """A partition is missing, or its bytes differ from its manifest."""


class PolicyError(PromoloopError):
    """A policy, assumptions or gates file holds an unusable value."""


class InfeasibleError(PromoloopError):
    """No plan satisfies the limits."""


class OutdatedPlanError(PromoloopError):
    """A plan of an earlier as-of date than the live version's was to be published."""


class TargetError(PromoloopError):
    """A publish target could not take a version."""


class ServiceError(PromoloopError):
    """A local service or tool the platform needs is not there."""
