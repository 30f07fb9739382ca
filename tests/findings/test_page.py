"""What a page beside a compose file says of its settings is compared with them, and what only looks like it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.findings.discover import discover
from promproof.findings.finding import Finding
from promproof.findings.judging import judge

pytestmark = pytest.mark.unit
ID = "compose/contradicts-page"
IMAGE = "services:\n  grafana:\n    image: grafana/grafana:12.0.0\n"
PASSWORD = f"{IMAGE}    environment: {{GF_SECURITY_ADMIN_PASSWORD: letmein}}\n"
PORT = f"{IMAGE}    ports: ['${{GRAFANA_PORT:-3001}}:3000']\n"
SIGN_UP = f"{IMAGE}    environment: [GF_USERS_ALLOW_SIGN_UP=false]\n"
DEFAULTS = "| Variable | Default | What |\n|---|:---|---|\n"
VALUES = "| Variable | Value |\n|---|---|\n"


def found(
    folder: Path, compose: str, page: str, *, name: str = "README.md", file: str = "compose.yml"
) -> list[Finding]:
    for path, text in ((folder / name, page), (folder / file, compose)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    judged = judge(discover([folder], folder), lambda rule: rule == ID)
    assert not judged.unjudged
    return list(judged.findings)


@pytest.mark.parametrize(
    ("compose", "page"),
    [
        (PASSWORD, "Grafana: http://localhost:3000 (admin/admin)"),
        (PASSWORD, "- Grafana, login `admin` / `admin`"),
        (PASSWORD, "### Grafana\n- Default admin credentials (admin/admin)"),
        (PASSWORD, "## Grafana\nUsername: `admin`\nPassword: `admin`"),
        (PASSWORD, "| Grafana | http://localhost:3000 | login admin:prom-operator |"),
        (PASSWORD, "## Grafana\n- **Username**: admin\n- **Password**: admin"),
        (PASSWORD, "## Grafana\n**Password:** grafana1 (change it)"),
        (PASSWORD, "Grafana (username: admin, password: Mon1tor)."),
        (PASSWORD, "## Grafana\n| User | admin |\n| **Password** | _grafana_ |"),
        (PASSWORD, "| Service | Login |\n|---|---|\n| Prometheus | - |\n| Grafana | admin / grafana |"),
        (PORT, f"{DEFAULTS}| `GRAFANA_PORT` | `3000` | its port |"),
        (SIGN_UP, f"{VALUES}| `GF_USERS_ALLOW_SIGN_UP` | true |"),
    ],
)
def test_a_page_that_says_another_setting_is_found(compose: str, page: str, tmp_path: Path) -> None:
    (finding,) = found(tmp_path, compose, page)
    assert "README.md:" in finding.message
    assert "letmein" not in str(finding)
    assert (finding.line or 0) > 3


@pytest.mark.parametrize(
    ("compose", "page"),
    [
        (PASSWORD, "Grafana: http://localhost:3000 (admin/letmein)"),
        (PASSWORD, "Grafana: login admin/admin, and admin/letmein in this stack"),
        (PASSWORD, "Grafana: login `admin` / `<your password>`"),
        (PASSWORD, "Grafana: login admin / $GRAFANA_PASSWORD"),
        (PASSWORD, "Grafana: log in as admin/viewer to see the roles"),
        (PASSWORD, "Grafana password: see http://localhost:3000/admin/settings"),
        (PASSWORD, "## Grafana\n- **Password**: letmein"),
        (PASSWORD, "## Grafana\n- **Password**: GRAFANA_PASSWORD"),
        (PASSWORD, "## Grafana\n- **Password**: mandatory, as in `.env`"),
        (PASSWORD, "## Grafana\n- Password: auto-generated"),
        (PASSWORD, "## Grafana\n- Password: admin of the first start"),
        (PASSWORD, "## Grafana\n- Password: see grafana.env"),
        (PASSWORD, "## Grafana\n- Password: 8-character"),
        (PASSWORD, "## Portainer\n- **Password**: grafana"),
        (PASSWORD, "## Grafana\n- **Username**: guest\n- **Password**: guest1"),
        (PASSWORD, "Superset: http://localhost:8088 (admin/admin)"),
        (PASSWORD, "## Grafana\nAs usual.\n## Superset\nlogin admin/admin"),
        (PASSWORD, "| Service | What |\n|---|---|\n| Grafana | admin / operators |"),
        (PASSWORD, "Superset (admin/admin), and Grafana at port 3000"),
        (PASSWORD, "## Grafana & Keycloak\n- Login: admin/admin"),
        (PASSWORD, "## Grafana\n- Keycloak: http://localhost:8080 (admin/admin)"),
        (f"{IMAGE}    env_file: .env\n", "Grafana: http://localhost:3000 (admin/admin)"),
        (PASSWORD.replace("letmein", "'${SECRET}'"), "Grafana: http://localhost:3000 (admin/admin)"),
        (PASSWORD.replace("grafana/grafana", "acme/board"), "Grafana: http://localhost:3000 (admin/admin)"),
        (PORT, f"{DEFAULTS}| `GRAFANA_PORT` | `3001` | its port |"),
        (PORT, f"{DEFAULTS}| `GRAFANA_PORT` | none | its port |"),
        (PORT, f"{VALUES}| `GRAFANA_PORT` | 3000 |"),
        (SIGN_UP, f"{VALUES}| `GF_USERS_ALLOW_SIGN_UP` | `False` |"),
        (SIGN_UP, f"{DEFAULTS}| `GF_USERS_ALLOW_SIGN_UP` | true | Grafana's own |"),
        (SIGN_UP, f"{VALUES}| `GF_USERS_ALLOW_SIGN_UP` | your choice |"),
    ],
)
def test_a_page_that_agrees_or_says_nothing_is_no_finding(compose: str, page: str, tmp_path: Path) -> None:
    assert found(tmp_path, compose, page) == []


def test_a_page_above_counts_where_it_names_the_file(tmp_path: Path) -> None:
    page = "`docker compose -f monitoring/compose.yml up`\nGrafana: http://localhost:3000 (admin/admin)\n"
    assert len(found(tmp_path, PASSWORD, page, file="monitoring/compose.yml")) == 1
    assert (
        found(tmp_path, PASSWORD, page.replace("monitoring/", "other/"), file="monitoring/compose.yml") == []
    )


def test_what_another_compose_file_has_is_no_contradiction(tmp_path: Path) -> None:
    (tmp_path / "compose.dev.yml").write_text(PASSWORD.replace("letmein", "admin"), encoding="utf-8")
    assert found(tmp_path, PASSWORD, "Grafana: http://localhost:3000 (admin/admin)") == []


@pytest.mark.parametrize("name", [".env.example", ".env", "grafana.env"])
def test_a_variable_that_a_file_of_them_sets_is_not_judged_by_its_default(name: str, tmp_path: Path) -> None:
    compose = PASSWORD.replace("letmein", "'${GRAFANA_PASSWORD:-letmein}'")
    page = "Grafana: http://localhost:3000 (admin/admin)"
    assert len(found(tmp_path, compose, page)) == 1
    assert found(tmp_path, compose, f"{page}\n```\nGRAFANA_PASSWORD=admin docker compose up\n```\n") == []
    (tmp_path / name).write_text("GRAFANA_PASSWORD=admin\n", encoding="utf-8")
    assert found(tmp_path, compose, page) == []
