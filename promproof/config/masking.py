"""Keeps secrets out of what a run leaves: by the names of keys, by their place in a URL, and by their own text.

A document (a configuration, an environment) is masked key by key; text (a log, a history, a report) by the secrets that
the documents were found to hold. A secret that is an ordinary word, `admin` say, is masked in its place only: taking
the word out of every text would change what the evidence says.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from promproof.config import yamlfile

MASK = "<secret>"
_LEARNING = threading.Lock()
# Fields that Prometheus', Alertmanager's and Grafana's documentation marks as secret, and what people call theirs.
_SECRET = re.compile(
    r"(password|passwd|passphrase|secrets?|token|tokenid|credentials?|authorization|cookie|bearer|apiurl|webhookurl"
    r"|(api|routing|service|user|secret|access|consumer|integration|private|auth|signing|encryption)key)$"
)
_SHORT_SECRET = re.compile(r"[_-](pass|pwd)$", re.IGNORECASE)
"""Not PWD itself, which every shell sets."""
_WHOLE = ("secureJsonData",)
"""Mappings of which every value is a secret."""
_HOOKS = "webhook_configs"
_REFERENCE = re.compile(r"\$\{?\w+(:?[-?][^}]*)?\}?|\$__\w+\{[^}]*\}|" + MASK)
"""What names a secret and is none."""
_USERINFO = re.compile(
    r"(?P<before>\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@\"'\\<>]*:)(?P<secret>[^\s/@\"'\\<>]+)(?=@)"
)
_NAMED = r"pass(?:word|wd|phrase)|pwd|secret|(?:\w*[_-])?(?:token|secret|password)|api[_-]?key|apikey|sig|signature"
_NAME_ENDS = ("word", "wd", "phrase", "secret", "token", "key", "sig", "signature")
"""How the names of `_NAMED` end."""
_PAIR = re.compile(
    rf"(?P<before>(?<![\w-])(?:--?)?(?:{_NAMED})=)(?P<secret>[^\s&;,~\"'\\<>(){{}}]+)", re.IGNORECASE
)
_HEADER = re.compile(
    r"(?P<before>[Aa]uthorization\\?[\"']?[ \t]*[:=][ \t]*\\?[\"']?"
    r"(?:(?:Bearer|Basic|Token|Digest) +|(?=[\w+/=.~-]{16})))(?P<secret>[\w+/=.~-]+)"
)
_ASSIGNED = re.compile(r"(?P<name>-{0,2}[A-Za-z_][\w.-]*)=(?P<value>.+)", re.DOTALL)
_PRIVATE_HOST = re.compile(
    r"[^.]*|[0-9.]+|\[.*|.*\.(local|localhost|internal|svc|lan|localdomain|home|corp|test)"
)
_TOKEN_LIKE = re.compile(r"(?=[^/]*\d)(?=[^/]*[A-Za-z])[\w-]{12,}")
_BEGINS = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=\\u[0-9a-f]{4})|(?<=%[0-9A-F]{2}))"
"""No part of a longer word; the letters of an escape in JSON or a URL are none."""
_SMALLEST = 6
_LONG_WORD = 20
_FILE_BYTES = 4096


def is_secret(name: str) -> bool:
    """Whether a value of this name is one: a key of a file, a variable, an option or a header."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    return bool(_SECRET.search(plain) or _SHORT_SECRET.search(name))


def masked(value: Any, name: str = "", *, hook: bool = False, keep: Iterable[str] = ()) -> Any:
    """A copy of a document in which secrets are `<secret>`. name: its key; hook: a webhook's; keep: no secrets."""
    return _Document(frozenset(keep)).copy(value, name, hook or name == _HOOKS)


def secrets_of(value: Any, name: str = "") -> set[str]:
    """The secrets that a document holds, each as its text."""
    document = _Document(frozenset())
    document.copy(value, name, False)
    return document.found


class _Document:
    """One way through a document: its copy, and what was found on the way."""

    def __init__(self, keep: frozenset[str]) -> None:
        self._keep = keep
        self.found: set[str] = set()

    def copy(self, value: Any, name: str, hook: bool) -> Any:
        if isinstance(value, Mapping):
            user, password = value.get("username"), value.get("password")
            if user is not None and password is not None:
                self.found.add(base64.b64encode(f"{user}:{password}".encode()).decode())
            return {key: self._item(name, str(key), item, hook) for key, item in value.items()}
        if isinstance(value, list | tuple):
            before = ["", *map(str, value)]  # an option and its value are two words of a command
            return [
                self.copy(item, word if _takes_a_value(word, item) else name, hook)
                for word, item in zip(before, value, strict=False)
            ]
        if isinstance(value, bool) or value is None or value == "" or str(value) in self._keep:
            return value
        if is_secret(name):
            return self._secret(str(value))
        return self._text(value, name, hook) if isinstance(value, str) else value

    def _item(self, parent: str, key: str, item: Any, hook: bool) -> Any:
        if parent in _WHOLE and isinstance(item, str):
            return self._secret(item)
        # the values of one header are a list below its name
        return self.copy(
            item, parent if key == "values" and is_secret(parent) else key, hook or key == _HOOKS
        )

    def _text(self, text: str, name: str, hook: bool) -> str:
        assigned = _ASSIGNED.fullmatch(text)
        if assigned is not None and is_secret(assigned["name"]):
            return f"{assigned['name']}={self._secret(assigned['value'])}"
        if hook and name == "url":
            text = self._hook(text)
        for pattern in (_USERINFO, _PAIR, _HEADER):
            if pattern.search(text):  # a text that is more than its letters (yamlfile.Plain) stays what it is
                text = pattern.sub(lambda found: found["before"] + self._secret(found["secret"]), text)
        return text

    def _hook(self, url: str) -> str:
        """The path of a webhook is its secret, unless it is a service beside us and speaks for itself."""
        with suppress(ValueError):
            parts = urlsplit(url)
            tokens = _tokens(url)
            local = bool(_PRIVATE_HOST.fullmatch(parts.hostname or ""))
            if parts.path.strip("/") and (not local or (tokens and parts.hostname != "127.0.0.1")):
                self.found.update([*tokens, url])
                return f"{parts.scheme}://{parts.netloc}/{MASK}"
        return url

    def _secret(self, text: str) -> str:
        if _REFERENCE.fullmatch(text) or text in self._keep:
            return text
        self.found.update([text, *_tokens(text)])
        return MASK


class Masker:
    """Masks texts of a run; it learns secrets as they become known."""

    def __init__(self, secrets: Iterable[str] = (), public: Iterable[str] = ()) -> None:
        self.public = frozenset(public)
        """What looks like a secret and is documented: a default password, say."""
        self._forms: dict[str, re.Pattern[str]] = {}
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Mask these from now on, in every form in which they are written; ordinary words are left out."""
        with _LEARNING:  # files are read while a target starts
            forms = dict(self._forms)
            for secret in secrets:
                if secret in self.public or not _is_distinctive(secret):
                    continue
                for form in {secret, unquote(secret), *_written(secret)}:
                    forms[form] = re.compile(rf"{_BEGINS}{re.escape(form)}(?![A-Za-z0-9])")
            self._forms = dict(sorted(forms.items(), key=lambda pair: -len(pair[0])))

    def text(self, text: str) -> str:
        """The text without secrets."""
        for form, pattern in self._forms.items():
            if form in text:
                text = pattern.sub(MASK, text)
        if "://" in text and "@" in text:
            text = _USERINFO.sub(_hidden, text)
        if _may_have_pairs(text):
            text = _PAIR.sub(_hidden, text)
        return _HEADER.sub(_hidden, text) if "uthorization" in text else text

    def json(self, data: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """An object without secrets, and its text on one line."""
        line = json.dumps(data, separators=(",", ":"), allow_nan=True)
        hidden = self.text(line)
        if hidden == line:
            return data, line
        try:
            return json.loads(hidden), hidden
        except ValueError:  # a secret with quotes in it: text by text
            data = self._texts(data)
            return data, json.dumps(data, separators=(",", ":"), allow_nan=True)

    def _texts(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {self.text(str(key)): self._texts(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._texts(item) for item in value]
        return self.text(value) if isinstance(value, str) else value

    def file(self, path: Path, copy: Path | None = None) -> None:
        """Mask a text file in place, or into a copy; what is no text stays."""
        try:
            original = path.read_bytes()
            text = original.decode("utf-8")
        except (UnicodeDecodeError, OSError):
            return
        hidden = self.text(_document(path, text) if copy is not None else text)
        if copy is not None:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(hidden.encode())
        elif hidden != text:
            with path.open("r+b") as file:  # its room is its own: this works on a full disk as well
                file.write(hidden.encode())
                file.truncate()

    def sweep(self, folder: Path, leave: Iterable[str] = ()) -> None:
        """Mask all text files of a folder in place. leave: files and folders in it that are not touched."""
        left = [folder / name for name in leave]
        for path in sorted(folder.rglob("*")):
            if (
                path.is_file()
                and not path.is_symlink()
                and not any(path.is_relative_to(place) for place in left)
            ):
                self.file(path)


def of_environment(environment: Mapping[str, str] | None = None) -> set[str]:
    """The secrets in the variables of this process."""
    variables = os.environ if environment is None else environment
    # the address of an API is a secret of Alertmanager's files alone
    return secrets_of({key: value for key, value in variables.items() if not key.endswith("API_URL")})


def of_files(value: Any, base: Path) -> Iterator[str]:
    """The secrets in the files that a document names (`password_file: ...`), as far as they can be read."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            name = str(key)
            if name.endswith("_file") and isinstance(item, str):
                if is_secret(name.removesuffix("_file")) or name == "url_file":
                    with suppress(OSError, ValueError), (base / item).open("rb") as file:
                        yield file.read(_FILE_BYTES).decode("utf-8").strip()
            else:
                yield from of_files(item, base)
    elif isinstance(value, list):
        for item in value:
            yield from of_files(item, base)


def _tokens(text: str) -> list[str]:
    """What of a secret can stand alone: the token of a header, what looks like one in a URL's path."""
    scheme, _, credentials = text.partition(" ")
    if scheme in ("Bearer", "Basic", "Token", "Digest"):
        return [credentials]
    return [part for part in text.split("/") if _TOKEN_LIKE.fullmatch(part)] if "://" in text else []


def _takes_a_value(word: str, following: Any) -> bool:
    return word.startswith("-") and "=" not in word and not str(following).startswith("-")


def _is_distinctive(text: str) -> bool:
    """Whether a text is so unlike others that it can be taken out wherever it stands."""
    try:
        float(text)
    except ValueError:
        word = re.fullmatch(r"[a-z_-]+|[A-Z]?[a-z]+", text)
        return len(text) >= _SMALLEST and MASK not in text and (not word or len(text) >= _LONG_WORD)
    return False


def _written(secret: str) -> Iterator[str]:
    for text in (secret, unquote(secret)):
        yield from (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1])
        yield from (quote(text, safe=""), html.escape(text), base64.b64encode(text.encode()).decode())


def _may_have_pairs(text: str) -> bool:
    """Whether a pattern is worth the time that it takes to look at every letter of a text: a word of it ends a name.

    Letters beyond ASCII may stand for others where case is ignored.
    """
    if "=" not in text:
        return False
    lower = text.lower()
    return not text.isascii() or any(f"{word}=" in lower for word in _NAME_ENDS)


def _hidden(found: re.Match[str]) -> str:
    return found["before"] + (found["secret"] if found["secret"].startswith("$") else MASK)


def _document(path: Path, text: str) -> str:
    """A configuration file with the secrets of its keys masked; as it is when there are none, or no way to read it."""
    try:
        data = json.loads(text) if path.suffix == ".json" else yamlfile.load(path, "a file").data
    except Exception:  # broken as the user's own file is; its text is masked all the same
        return text
    hidden = masked(data)
    if hidden == data:
        return text
    return json.dumps(hidden, indent=2) + "\n" if path.suffix == ".json" else yamlfile.dump(hidden)
