"""Persistence: SQLite as the embedded default, PostgreSQL by URL.

Statements are plain functions of a connection; one small store per kind of row; every call runs in a
thread, so that the event loop never waits for a disk.
"""

from promptpilot.store.alerts import Alert, AlertStore, NewAlert
from promptpilot.store.database import Database, DatabaseUnavailable
from promptpilot.store.executions import ExecutionStore, PipelineRun, PromptRun
from promptpilot.store.pipelines import Pipeline, PipelineStore, UnknownPrompts
from promptpilot.store.prompts import Prompt, PromptInUse, PromptStore

__all__ = [
    "Alert",
    "AlertStore",
    "Database",
    "DatabaseUnavailable",
    "ExecutionStore",
    "NewAlert",
    "Pipeline",
    "PipelineRun",
    "PipelineStore",
    "Prompt",
    "PromptInUse",
    "PromptRun",
    "PromptStore",
    "UnknownPrompts",
]
