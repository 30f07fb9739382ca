"""What each key of a contract and of a drill is, in a line: for editors, and for whoever mistypes one.

By `MODEL.KEY`, with the key as a file has it; `*.KEY` is the same in every model. A test compares it with the models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel

from promproof.errors import meant

LINES = """
Contract.contract: 1, the version of the format
Contract.service: a name, for reports
Contract.documentation: the page that makes the same promises in tables, relative to this file
Contract.page: promises of that page that stand in no table
Contract.target: the API under test
Contract.traffic: the scenarios that are played
Contract.metrics: every documented metric
Contract.allowed: families that may be exposed without being promised: names, or prefixes that end in *
Contract.alerts: every documented alert
Contract.dashboards: every documented dashboard and its panels
Contract.deployment: the documented compose file
Contract.settings: what the configuration of Prometheus and Alertmanager says
Contract.accepted: findings of promproof check that are meant so; with it any other one of severity warning fails
PagePromises.figures: numbers and words of the page that no file holds
PagePromises.sentences: sentences of the page whose numbers, names, negations and {words in braces} must stay
PagePromises.closed: kinds of names of which the page may use no other than those of the files and this contract
Figure.name: its name, for reports
Figure.says: the words around it on the page, with {} in its place
Figure.value: what must stand there, with its unit
Target.app: the command that starts it; {port}, {metrics_port}, {fault_port}, {workdir}, {token}, {python} are filled in
Target.instances: how many of it are started, all read by its job; or the URLs of several that run already
Target.directory: the folder in which that command runs
Target.env_file: a file of NAME=VALUE lines, its environment besides
Target.health_status: what its health path answers when it can work
Target.job: the scrape job that reads it, in prometheus.yml; told by it where only one can be meant
Target.health: the path that answers health_status as soon as it can work; without one its metrics answer
Target.metrics_path: the path that Prometheus reads
Target.labels: labels that the target must have in Prometheus
Target.environment: its environment; {workdir}, {token} and {duration:5m} are filled in
Target.database: URL of its database, for truths that ask with SQL
Target.outage: how its database is taken away for a moment
Outage.fault: the kind of fault of its fault port that does it
Outage.health: what its health path answers meanwhile
Outage.requests: a scenario that meets it, relative to this file
Target.webhook: its path that takes alerts of Alertmanager
Target.longest_handler: no handler takes longer; not scaled
Target.stamped: metrics whose samples carry time stamps of their own on purpose
Traffic.reconcile: the scenario of the main job, relative to this file
Traffic.drill: a drill that the main job takes live, relative to this file
Traffic.drilled: the alert of that drill
Metric.name: the name on the wire; a counter's with _total
Metric.type: counter, gauge, histogram, summary, info, stateset or untyped
Metric.unit: what it counts, for reports and the page
Metric.help: the HELP text, word for word
Metric.labels: each label with what its values may be; {} leaves them open
Metric.buckets: a histogram's edges in ascending order, without +Inf
Metric.born: label sets that are there at 0 from the start: of each entry all combinations of its values
Metric.truth: where its expected value comes from, never the PromQL that is under test
Label.values: the values that it may have
Label.pattern: a regular expression that its values match in full
Label.from: what the ledger knows and the label says: method, route, status, status_class; constant or anything
Label.case: lower or upper, where the label writes the ledger's word so
Label.as: what the label says for a word of the ledger; an empty text is a label that is not there
*.kind: which of the kinds it is; it says which other keys there are
*.method: the label that holds the method, where no label says where it is from
*.endpoint: the label that holds the route, where no label says where it is from
*.status: the label that holds the status, where no label says where it is from
*.where: which requests count, by patterns that match in full
*.except: which requests do not count, by patterns that match in full
*.scrapes: whether requests for the metrics themselves count
*.before_answer: whether the target counts a request before the last byte of its answer leaves
*.at_end: whether a request that is under way is certainly not counted yet
RequestsTruth.unmatched: the route's value of requests that no route matched
TallyTruth.tally: the name of the event in the scenario
TallyTruth.born_at_zero: label values that are there at 0 for each new id
TallyTruth.subject: the label whose ids are born and die
TallyTruth.ids: SQL that lists the ids that are alive, one column
TallyTruth.limit: how many ids have series of their own; further ones share one
Limit.variable: the variable of the target's environment that says how many
Limit.of: what a restart at the end of the run sets it to
Limit.create: the request that then makes one more, which is beyond the limit as well
Limit.use: a request for each of those, {id} in its path; it counts for those that share a series
Limit.delete: the path by which one of the first ids is then deleted, {id} in it; the next one made gets its place
Create.path: the path that is asked by POST
Create.json: its body
UsersTruth.window: the sliding window
RowsTruth.query: SQL that gives a number
RowsTruth.created: the event of the scenario that makes a row, so that each scrape is judged
RowsTruth.deleted: the event of the scenario that takes one away
RowsSumTruth.subject: the counter's only label
RowsSumTruth.query: SQL of two columns: the label's value and the sum of its rows
RowsSumTruth.within: the requests that the time is spent in, `POST /orders` say
ProcessTruth.figure: the kernel's figure for the target's process
ConstantTruth.value: the value that never changes
Alert.name: the alert's name
Alert.comparator: the documented one, ">" say
Alert.threshold: the documented one, 0.05 say
Alert.unit: of the threshold: ratio, seconds or state
Alert.window: the documented range of the expression, 5m say; 0s for none
Alert.short_window: a second, shorter range that must be beyond the threshold as well
Alert.for: how long the condition must hold, 5m say
Alert.keep_firing_for: how long it goes on when its condition is over; judged with settings
Alert.severity: the label by which it is routed
Alert.labels: labels that its rule gives it beside the severity
Alert.receivers: who is notified, by the names of Alertmanager's file
Alert.metrics: the metrics that its expression must be about
Alert.guards: conditions beside the threshold without which it does not fire: traffic, hours
Alert.vanished: whether it also fires for a target that left discovery
Alert.vanishing: alerts of which one fires when a metric that it reads has vanished
Alert.always: whether it never stops firing, as a watchdog
Alert.expression: what its rule must mean, in PromQL, with the expressions of recorded metrics in their places
Alert.says: its texts, {} for what is filled in; numbers, names, negations and {words in braces} must stay
Alert.boundary: series that move its quantity q, so that it is proven where it fires
Boundary.threshold: the threshold in terms of q
Boundary.series: the series whose size follows q
Boundary.fires_when: the side on which it fires: above or below
Boundary.labels: labels that the alert has when it fires, with the values of its series
Boundary.each: further values of a label, each of which has an alert of its own
Boundary.together: further values of a label that count together with the first
Boundary.foreign: values of a label that are not meant, other jobs say
Boundary.volumes: factors on the size of all series that change nothing
Boundary.averaged: whether q is a mean over the alert's window
Series.series: name and labels, as promtool writes them
Series.rate: its increase a second, as arithmetic in q
Series.value: its value, as arithmetic in q
DashboardClaim.title: the dashboard's title; another one is told, and a fault where a page or another dashboard has it
DashboardClaim.uid: the dashboard's uid, by which its file is found
DashboardClaim.panels: the documented panels; without them those of the file are judged as not promised
DashboardClaim.described: whether every panel must say what it shows
DashboardClaim.unfolded: whether no panel may be in a closed row
DashboardClaim.plain: whether its panels show what their queries give, of all series and the newest
PanelClaim.departs: how this one shows something else on purpose: time, step, no_value, mappings, overrides and so on
PanelClaim.legends: a word that the legend of each of its queries has, in their order
PanelClaim.title: the panel's title
PanelClaim.unit: the panel's unit, as Grafana names it
PanelClaim.alert: the alert whose quantity it shows
PanelClaim.complement: whether it shows one minus that quantity
PanelClaim.shows: what it shows: its queries, or alerts (a list of alerts, which asks no query)
PanelClaim.fixed_window: whether its window is fixed on purpose
PanelClaim.quiet: whether it may be empty, since nothing in the traffic of the run causes what it shows
PanelClaim.truth: what its numbers should be
PanelClaim.like: for each query the plainest PromQL that gives what it has to give
Deployment.compose: the compose file, in the monitoring folder
Deployment.target: the target's service
Deployment.services: the documented services, by their names in the file
Deployment.retention: what Prometheus keeps
Deployment.account: the documented default account
Deployment.resources: what the stack typically needs
Deployment.provisioned: what Grafana's provisioning files say
Provisioned.sources: the data sources by name, each with its keys; one inside another is outer.inner
Provisioned.providers: the dashboard providers by name, likewise
TargetService.service: its name in the compose file
TargetService.port: its port in the container
TargetService.fault_port: the port of its fault control in the container
TargetService.environment: what a run sets in it
Service.port: the documented port on this machine
Service.component: what it is: prometheus, alertmanager, node_exporter, grafana or cadvisor
Service.job: the scrape job that reads it
Service.series: a metric that this job must bring
Service.configuration: the folder in the container into which its configuration is mounted, read-only
Service.data: the folder in the container that a volume keeps
*.written: what the compose file says of it
Written.version: the oldest version of its image, of the same major: 3.5 say
Written.profiles: the profiles that it belongs to
Written.memory: the least memory that it must be let use, 512m say
Written.cpus: the least CPUs that it must be let use
Written.health: the port, or port and path, that its health check asks
Written.ill_within: how soon it counts as ill at the latest, 1m say
Written.others: every other key that changes what it does, as the file has it; {} for none
Written.image: without its tag, which must be a whole version
Written.restart: what happens when it ends: unless-stopped, say
Written.ports: in the short syntax, 127.0.0.1:9090:9090 say
Written.command: its words, in any order
Written.environment: its variables
Written.mounts: in the short syntax, /proc:/host/proc:ro say
Written.networks: the networks that it is on
Written.user: the user that it runs as, 65534:65534 say
Written.read_only: whether its root file system is read-only
Written.cap_drop: the capabilities that it is not given
Written.security_opt: no-new-privileges:true, say
Settings.scrape_interval: of every job that jobs does not name
Settings.scrape_timeout: of every job that jobs does not name
Settings.evaluation_interval: of every rule group that groups does not name
*.group_by: the labels by which the routes of the alerts group
*.group_wait: of the routes of the alerts
*.group_interval: of the routes of the alerts
*.repeat_interval: of the routes of the alerts
*.send_resolved: whether the receivers of the alerts hear of their end
*.max_alerts: the most alerts in one notification; 0 for any number
Settings.inhibitions: the documented inhibitions
Settings.muted: the time intervals that routes name
Settings.external_labels: labels that Prometheus gives all alerts
Settings.alerts_relabelled: whether Prometheus relabels alerts before it sends them
Settings.closed: whether jobs, webhooks and Prometheus' Alertmanager have no keys but the documented ones
ReceiverSettings.others: further keys of its webhook that are documented, where the settings are closed
JobSettings.others: further keys of it that are documented, where the settings are closed
Settings.annotations: the annotations that every alert of the contract has
Settings.receivers: receivers that differ, by name
Settings.jobs: scrape jobs that differ, by name
Settings.groups: rule groups that differ, by name
ReceiverSettings.url: the address of its webhook
JobSettings.scrape_interval: how often it is scraped
JobSettings.scrape_timeout: how long a scrape may take
JobSettings.address: host and port of its target, with https:// before it where it is asked so
JobSettings.limits: sample_limit and the like, with their values
JobSettings.relabelled: whether it changes labels, or drops targets or metrics
GroupSettings.interval: how often it is evaluated
GroupSettings.limit: the most alerts of a rule; 0 for any number
GroupSettings.query_offset: how far back its rules look
Inhibition.source: matchers of the alerts that mute
Inhibition.target: matchers of the alerts that are muted
Inhibition.equal: labels that both have alike
Accepted.id: a kind of findings, or a family
Accepted.path: the file, from the monitoring folder
Accepted.name: what it is about: the alert, receiver, job, service, dashboard or panel
Accepted.reason: why it is meant so
Retention.time: how long, 15d say
Retention.size: how much, 8GB say
Account.service: the service that has it
Account.user_variable: the variable that sets the user
Account.password_variable: the variable that sets the password
Account.user: the default user
Account.password: the default password
Resources.cpu_cores: from, to
Resources.memory_megabytes: from, to
Resources.measured_for: the shortest measurement
*.metric: the metric whose events it shows
*.by: the labels that its series keep
*.over: how the figures of several instances are put together: sum, avg, max or min
MachineTruth.figure: the operating system's figure
ProcessPanelTruth.figure: the kernel's figure for the target's process
QuantileTruth.quantiles: the quantiles of its queries, in their order
RatioTruth.part: which of the events are the part, by patterns of labels
RatioTruth.complement: whether it shows one minus the share
*.label: the label by which its series differ
*.query: SQL that gives its rows
*.figure_is_duration: whether the figure of a row is how long it took
*.counter: the counter that the panel asks
Drill.drill: 1, the version of the format
Drill.name: a name, for the command line and reports
Drill.description: what it shows, in a line
Drill.alert: the alert that is taken through its threshold
Drill.scenario: its traffic, relative to this file
Drill.rate: sessions a second; not scaled
Drill.events: events a second that the fault decides on, where they are not rate
Drill.fault: what is done to the target, its machine or the monitoring
Drill.below: the dose at which the alert must be silent
Drill.above: the dose at which it must fire
Drill.may: other alerts that may fire meanwhile
Drill.receivers: where notifications are judged; the documented ones by default
Drill.shows: patterns that the rendered annotations must match
Drill.together: drills with the same word run side by side
Drill.pulses: the fault again and again, each time too short
Drill.disturb: what is done to the path meanwhile
Drill.by_name: whether it is driven only when it is named
Drill.page_routing: whether the notification goes to the target itself while it is down
Drill.dead_man: whether the alert always fires, and its receiver must notice that it stops
NearMiss.lasts: the fault itself, shorter than `for`; scaled
NearMiss.slow_scrapes: scrapes take this part of their time-out
NearMiss.failed_scrapes: so many scrapes fail
Pulses.times: how many
Pulses.above_for: how long each is; scaled
Pulses.below_for: how long is between them; scaled
Disturbance.what: what is disturbed
Disturbance.when: in which phase of the alert
Disturbance.times: how many deliveries are refused, or scrapes fail
ComponentDown.component: node_exporter or alertmanager
BrokenConfiguration.component: prometheus or alertmanager
Gauge.metric: the gauge that says a value
Gauge.job: whose target exposes it; the service's own by default
Gauge.labels: of the only series that it has then
Gauge.beside: other gauges with the same labels, and their value
Gauge.rest: its value once it is healed
Gauge.edge: a value between below and above, where the threshold is of something else
MissingMetric.metric: the metric that is not stored any more
MissingMetric.job: whose targets lose it; the service's own by default
RefusingReceiver.receivers: those that refuse, of Alertmanager's file
CommandFault.apply: the command that makes the fault; {dose} is the dose
CommandFault.undo: the command that takes it back
ContainerFault.container: the container's name
ContainerFault.apply: pause, stop or kill
ContainerFault.undo: unpause or start
*.cpus: how many CPUs the machine seems to have
*.routes: the routes on which the dose is a share of the requests
Traffic.request: method and path of a request that the service fails, or answers slowly, anyway
Traffic.endpoint: its route, as the scenario and the contract call it; the path by default
Traffic.status: what it is answered with
Traffic.takes: how long its answer takes at least, for a slow one; not scaled
Errors.status: the status of the answers that fail
FailedExecutions.status: not used
Slow.status: not used
*.delay: how long a slow request is held back; not scaled
*.marks: labels of the events that the fault makes
HttpFault.apply: the call that makes the fault; {dose}, {target} and {port} are filled in
HttpFault.undo: the call that takes it back
HttpCall.method: GET, POST, PUT, PATCH or DELETE
HttpCall.url: where; {target} is the target's URL, {port} its port, {dose} the dose
HttpCall.headers: headers of the call
HttpCall.body: its body; {dose}, {target} and {port} are filled in
HttpCall.expect: the statuses that are right
SignalFault.port: the port of the process
SignalFault.pid_file: the file with its pid
SignalFault.apply: the signal that makes the fault
SignalFault.undo: the signal that takes it back
"""
TEXTS: dict[str, str] = {
    key: text for key, _, text in (line.partition(": ") for line in LINES.split("\n") if line)
}


def text_of(model: str, key: str) -> str:
    """What a key of a model is; empty for a model of a plugin."""
    return TEXTS.get(f"{model}.{key}") or TEXTS.get(f"*.{key}", "")


def keys_of(model: type[BaseModel]) -> dict[str, Any]:
    """The annotations of a model's keys, by the key as a file has it."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


Key = Sequence[str | int]
Kinds = Callable[[type[BaseModel]], Sequence[type[BaseModel]]]
"""The registered kinds of a model that stands for any of them; nothing for another."""


def hint(root: type[BaseModel], kinds: Kinds) -> Callable[[Key], str]:
    """What is said of a key that no model at its place has: the nearest one that there is, and what that is."""

    def said(key: Key) -> str:
        known: dict[str, str] = {}
        for model in _at(root, key[:-1], kinds):
            known |= {name: text_of(model.__name__, name) for name in keys_of(model)}
        others = [_tags(model) for model in _beside(root, key[:-1], kinds) if key[-1] in keys_of(model)]
        if others:
            return f"; kind: {' or '.join(tag for tags in others for tag in tags)} has it; known are {', '.join(known)}"
        near = meant(str(key[-1]), known)
        name = near.removeprefix("; did you mean ").removesuffix("?").partition(" or ")[0]
        return (
            f"{near} {name}: {known[name]}"
            if near and known[name]
            else near or f"; known are {', '.join(known)}"
        )

    return said


def _at(root: type[BaseModel], key: Key, kinds: Kinds) -> list[type[BaseModel]]:
    """The models whose keys may stand at a place of a file."""
    here: list[type[BaseModel]] = [root]
    for part in key:
        annotations = [keys_of(model)[part] for model in here if part in keys_of(model)]
        if annotations:
            here = [model for annotation in annotations for model in _within(annotation, kinds)]
        else:  # the word of a kind is no key of the file, but says which of the models is meant
            here = [model for model in here if part in _tags(model)] or here
    return here


def _beside(root: type[BaseModel], key: Key, kinds: Kinds) -> list[type[BaseModel]]:
    """The other kinds that may stand at a place whose kind is known; nothing where none is."""
    meant_here = _at(root, key, kinds)
    every = _at(root, key[:-1], kinds) if key else []
    return [model for model in every if model not in meant_here] if set(meant_here) < set(every) else []


def _tags(model: type[BaseModel]) -> tuple[str, ...]:
    """The words of `kind` with which a model is chosen among others; none for one that stands alone."""
    field = model.model_fields.get("kind")
    return tuple(map(str, get_args(field.annotation))) if field is not None else ()


def _within(kind: Any, kinds: Kinds) -> Iterator[type[BaseModel]]:
    """The models that a type is made of, not those within them."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from kinds(kind) or [kind]
    for part in get_args(kind):
        yield from _within(part, kinds)
