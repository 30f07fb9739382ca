"""What a contract says of the deployment: the services of the compose file, their ports, and what the page promises.

Names of services are those of the compose file. A service whose image can't be had on a machine is not verified
there, by name.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from promproof.contract.texts import Duration

Texts = Annotated[tuple[str, ...], Field(strict=False)]


class DeploymentModel(BaseModel):
    """Strict and frozen, as all of the contract."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Written(DeploymentModel):
    """A service as its compose file has it, in the short syntax, with variables filled as Compose does.

    What is left out is not promised; of what is there the file may have no more and no less.
    """

    image: str | None = None
    """Without its tag, which must be a whole version, or a digest."""
    restart: str | None = None
    ports: Texts | None = None
    command: Texts | None = None
    environment: dict[str, str] | None = None
    mounts: Texts | None = None
    networks: Texts | None = None
    profiles: Texts | None = None
    user: str | None = None
    read_only: bool | None = None
    cap_drop: Texts | None = None
    security_opt: Texts | None = None
    version: str | None = Field(default=None, pattern=r"^\d+(\.\d+)*$")
    """The oldest tag by its first numbers, of the same major: `3.5` is 3.5 or 3.12, and not 4.0."""
    memory: str | None = Field(default=None, pattern=r"^\d+(\.\d+)?[kmg]$")
    """The least that it may use; no limit is enough."""
    cpus: float | None = Field(default=None, gt=0)
    """The least that it may use, in cores; no limit is enough."""
    health: str | None = None
    """What its health check asks: a port, or a port and a path, that stands in its words."""
    ill_within: Duration | None = None
    """How soon it counts as ill: (interval + time-out) x retries is at most this."""
    others: dict[str, Any] | None = None
    """All other keys that change what it does, and those of its volumes (`volumes.NAME`) and networks."""


class Service(DeploymentModel):
    """One documented service of the compose file."""

    port: int = Field(gt=0, lt=65536)
    """The documented port on this machine."""
    component: Literal["prometheus", "alertmanager", "node_exporter", "grafana", "cadvisor"]
    """What it is to the harness, whatever the file calls it."""
    job: str | None = None
    """The scrape job that reads it."""
    series: str | None = None
    """A metric that this job must bring."""
    configuration: str | None = None
    """The folder in the container into which its documented configuration is mounted, read-only."""
    data: str | None = None
    """The folder in the container that a named volume keeps."""
    written: Written | None = None
    """What the compose file says of it."""


class TargetService(DeploymentModel):
    """The service that is the target, and what a run sets in it beside the target's own environment."""

    service: str
    port: int = Field(gt=0, lt=65536)
    """In the container."""
    fault_port: int | None = Field(default=None, gt=0, lt=65536)
    """In the container; None for a target without fault control."""
    environment: dict[str, str] = Field(default_factory=dict)
    written: Written | None = None
    """What the compose file says of it."""


class Provisioned(DeploymentModel):
    """What Grafana's provisioning files say, by the name of each entry: a key inside another one is `outer.inner`.

    What is left out is as Grafana takes it where nothing is said. Secrets are compared nowhere.
    """

    sources: dict[str, dict[str, Any]] | None = None
    providers: dict[str, dict[str, Any]] | None = None


class Retention(DeploymentModel):
    """How long and how much Prometheus keeps, as its flags say it."""

    time: str
    size: str


class Account(DeploymentModel):
    """The documented default account: where its service takes it from, and what it is."""

    service: str
    user_variable: str
    password_variable: str
    user: str
    password: str


class Resources(DeploymentModel):
    """What the whole stack typically needs, all services without the target: from, to."""

    cpu_cores: tuple[float, float] = Field(strict=False)
    memory_megabytes: tuple[float, float] = Field(strict=False)
    measured_for: Duration = "5m"
    """How long the measurement must last at least, at time scale 1."""


class Deployment(DeploymentModel):
    """The documented deployment with Compose."""

    compose: str = "docker-compose.yml"
    """The file, in the monitoring folder."""
    target: TargetService
    services: dict[str, Service] = Field(min_length=1)
    retention: Retention
    account: Account | None = None
    resources: Resources | None = None
    provisioned: Provisioned | None = None

    @model_validator(mode="after")
    def _fits(self) -> Deployment:
        components = [service.component for service in self.services.values()]
        twice = sorted({component for component in components if components.count(component) > 1})
        if twice:
            raise ValueError(f"component named twice: {', '.join(twice)}")
        if self.account is not None and self.account.service not in self.services:
            raise ValueError(f"the account's service {self.account.service!r} is none of the services")
        return self

    def service(self, component: str) -> str | None:
        """The name of the service that is a component; None when the deployment has none."""
        return next((name for name, service in self.services.items() if service.component == component), None)
