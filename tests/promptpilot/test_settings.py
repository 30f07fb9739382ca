"""Settings: what is accepted, and what a refusal says."""

import pytest

from promptpilot.settings import Settings, SettingsError, load, parse_duration

pytestmark = pytest.mark.unit


def test_nothing_given_is_the_documented_default() -> None:
    assert load([], {}) == Settings()
    assert Settings().host == "127.0.0.1"
    assert Settings().database_url == "sqlite:///promptpilot.db"
    assert Settings().active_users_window == 300.0


def test_an_option_overrides_its_variable() -> None:
    environ = {"PROMPTPILOT_PORT": "9000", "PROMPTPILOT_SERIES_LIMIT": "5"}
    settings = load(["--port", "9001"], environ)
    assert (settings.port, settings.series_limit) == (9001, 5)


def test_an_empty_variable_counts_as_not_given() -> None:
    assert load([], {"PROMPTPILOT_SERIES_LIMIT": ""}).series_limit == 1000


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5m", 300.0),
        ("5s", 5.0),
        ("5000ms", 5.0),
        ("1h30m", 5400.0),
        ("0ms", 0.0),
        ("83ms", 0.083),
        ("1d", 86400.0),
    ],
)
def test_a_duration_is_read_in_each_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "-5m", "1.5s", "5mm", "5m ", "five"])
def test_a_text_that_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PORT", "70000", "a port from 0 to 65535"),
        ("PORT", "-1", "a port from 0 to 65535"),
        ("PORT", "1e3", "a port from 0 to 65535"),
        ("HOST", "not a host", "a host name or address"),
        ("ACTIVE_USERS_WINDOW", "5", "a duration such as 5m"),
        ("ACTIVE_USERS_WINDOW", "0s", "above 0"),
        ("SERIES_LIMIT", "many", "a whole number from 0 to 1000000"),
        ("PROVIDER_LATENCY", "fast", "a duration such as 5m"),
        ("PROVIDER_FAILURE_RATE", "1.1", "a number from 0 to 1"),
        ("PROVIDER_FAILURE_RATE", "nan", "a number from 0 to 1"),
        ("PROVIDER_COST", "free", "a number of USD"),
        ("PROVIDER_ATTEMPTS", "0", "a whole number from 1 to 100"),
        ("DATABASE_URL", "mysql://root@127.0.0.1/x", "sqlite:///FILE or postgresql://"),
        ("DATABASE_URL", "sqlite://", "an in-memory database cannot be shared"),
        ("DATABASE_URL", "no url", "sqlite:///FILE or postgresql://"),
    ],
)
def test_a_refusal_says_what_was_found_and_what_was_expected(name: str, value: str, expected: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load([], {f"PROMPTPILOT_{name}": value})
    assert f"PROMPTPILOT_{name} is {value!r}; expected " in str(refusal.value)
    assert expected in str(refusal.value)


def test_a_refused_option_is_named_as_an_option() -> None:
    with pytest.raises(SettingsError, match=r"^--port is 'x'; expected a port"):
        load(["--port", "x"], {"PROMPTPILOT_PORT": "8000"})


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(SettingsError, match="unrecognized arguments: --prot"):
        load(["--prot", "1"], {})


def test_a_refusal_repeats_no_password_and_no_token() -> None:
    for name, value in (
        ("PROMPTPILOT_DATABASE_URL", "mysql://root:geheim@127.0.0.1/x"),
        ("PROMPTPILOT_FAULT_TOKEN", "geheim with blanks"),
    ):
        with pytest.raises(SettingsError) as refusal:
            load([], {name: value})
        assert name in str(refusal.value)
        assert "geheim" not in str(refusal.value)


def test_fault_control_needs_a_token() -> None:
    with pytest.raises(SettingsError, match="PROMPTPILOT_FAULT_TOKEN is missing; expected a token"):
        load(["--fault-port", "9"], {})
    settings = load(["--fault-port", "9"], {"PROMPTPILOT_FAULT_TOKEN": "t"})
    assert (settings.fault_port, settings.fault_token) == (9, "t")


def test_fault_control_needs_a_port_of_its_own() -> None:
    with pytest.raises(SettingsError, match="--fault-port is 8000; expected a port other than --port"):
        load(["--fault-port", "8000"], {"PROMPTPILOT_FAULT_TOKEN": "t"})
    load(["--fault-port", "0", "--port", "0"], {"PROMPTPILOT_FAULT_TOKEN": "t"})


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_usual_postgresql_url_gets_its_driver(scheme: str) -> None:
    settings = load([], {"PROMPTPILOT_DATABASE_URL": f"{scheme}://me:pass@127.0.0.1:5432/x"})
    assert settings.database_url == "postgresql+psycopg://me:pass@127.0.0.1:5432/x"
