"""These suites verify a contract, also when no option of the plugin is given: then it is the default one."""

import pytest

from promproof import pytest_plugin


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    pytest_plugin.register(pluginmanager)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    pytest_plugin.activate(config)
