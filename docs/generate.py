"""Write the pages of docs/reference from the code; with --check, only say whether they are up to date."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, get_args

from pentimento import choices
from pentimento.cli.main import COMMANDS, EXIT_CODES
from pentimento.cli.options import NAMES, kind_of, shown_default
from pentimento.diffusion.samplers import SAMPLERS
from pentimento.diffusion.schedules import SCHEDULES
from pentimento.labels import GROUPS
from pentimento.pictures.mask_text import USAGES
from pentimento.profiles import PROFILES
from pentimento.request import Request
from pentimento.server.app import build_app
from pentimento.server.settings import Settings

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Written by docs/generate.py (make docs); do not edit. -->\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def code(text: object) -> str:
    return f"`{text}`" if str(text) else ""


def request_page() -> str:
    """Describe every field of the request."""
    starts = {group.first: group.label for group in GROUPS}
    parts = [
        "# The request\n",
        "What can be asked for: the same fields in Python, on the command line and in the API.\n",
    ]
    rows: list[list[str]] = []
    for name, field in Request.model_fields.items():
        if name in starts:
            parts += [_fields(rows), f"## {starts[name]}\n"]
            rows = []
        values = ", ".join(code(value) for value in NAMES.get(name, ())) if name not in ("sampler", "schedule") else ""
        kind = (kind_of(field).metavar or "yes or no").lower()
        rows.append([code(name), values or kind, code(shown_default(field)), field.description or ""])
    return "\n".join([*parts, _fields(rows)])


def _fields(rows: Sequence[Sequence[str]]) -> str:
    return table(("field", "value", "default", "what it is"), rows) if rows else ""


MASK_NOTE = """\
Where a mask is wanted, `rect 10% 20% 30% 30%; subtract ellipse 40 40 20 20; grow 8; feather 4` draws one. Steps are
parted by semicolons; a shape is added, or after `intersect` or `subtract` does that; `hardness 50%` at its end fades it
towards its middle. Lengths are px, or percent of the width, the height, or for all others the shorter side. The prefix
`mask:` makes any text a mask; a file that is called like a step is given as `./rect 1.png`.
"""


def names_page() -> str:
    """List samplers, schedules, choices and profiles with all their names."""
    samplers = [
        [code(row.name), row.label, code(row.default_schedule), str(row.evaluations), ", ".join(map(code, row.aliases))]
        for row in SAMPLERS
    ]
    schedules = [[code(row.name), row.label, ", ".join(map(code, row.aliases))] for row in SCHEDULES]
    profile_fields = [name for name in PROFILES["pentimento"].__dataclass_fields__ if name != "name"]
    parts = [
        "# Names\n",
        "Every name, label and alias is taken in any case.\n",
        "## Samplers\n",
        table(("name", "label", "schedule", "model calls per step", "aliases"), samplers),
        "## Schedules\n",
        table(("name", "label", "aliases"), schedules),
    ]
    for choice in choices.TABLES:
        rows = [[code(row.name), row.label, "" if row.a1111 is None else str(row.a1111)] for row in choice.rows]
        parts += [f"## {choice.field}\n", table(("name", "label", "A1111's number"), rows)]
    usages = [[code(usage.form), usage.says] for usage in USAGES.values()]
    parts += ["## Masks as text\n", MASK_NOTE, table(("step", "what it does"), usages)]
    profile_rows = [[code(name), *(code(getattr(row, name)) for row in PROFILES.values())] for name in profile_fields]
    parts += ["## Profiles\n", table(("choice", *PROFILES), profile_rows)]
    return "\n".join(parts)


def commands_page() -> str:
    """Describe the command line."""
    parts = [
        "# The command line\n",
        table(("command", "what it does"), [[code(c.name), c.summary] for c in COMMANDS if c.module]),
    ]
    codes = sorted((number, meaning) for number, meaning, _ in EXIT_CODES)
    parts += ["## Exit codes\n", table(("code", "meaning"), [[str(number), meaning] for number, meaning in codes])]
    for command in (row for row in COMMANDS if row.module):
        rows = [_flag(parameter) for parameter in signature(command.load()).parameters.values()]
        parts += [
            f"## {command.name}\n",
            f"{command.summary}\n",
            table(("flag", "value", "what it is"), filter(None, rows)),
        ]
    return "\n".join(parts)


def _flag(parameter: Parameter) -> list[str] | None:
    option: Any = get_args(parameter.annotation)[-1]
    if option.hidden:
        return None
    flags = [word for word in (option.default, *(option.param_decls or ())) if isinstance(word, str)]
    name = ", ".join(map(code, flags)) or code(option.metavar)
    text = option.help.replace("\\[", "[")
    if "[default" not in text and parameter.default not in (Parameter.empty, None, False):
        text += f" [default: {parameter.default}]"
    return [name, option.metavar or "", text]


@cache
def openapi() -> dict[str, Any]:
    """Give the server's OpenAPI document."""
    with tempfile.TemporaryDirectory() as folder:
        app = build_app(Settings(data=Path(folder)))
        document = app.openapi()
        app.state.service.store.close()
    return document


def http_page() -> str:
    """Describe the routes of the server, from its OpenAPI document."""
    document = openapi()
    parts = [
        "# The server\n",
        "What `pentimento serve` answers. The OpenAPI document is at `/api/v1/openapi.json`, and in the sources as",
        "`docs/reference/openapi.json`, so that types can be made of it without a server; the fields of",
        "a request are those of [the request](request.md). Errors of the native API are `application/problem+json`,",
        "whose `detail` is the sentence that library and command line show; the others have their own form.\n",
    ]
    routes: dict[str, list[list[str]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            told = operation.get("description", "").split("\n\n")[0].replace("\n", " ")
            asked = ", ".join(code(one["name"]) for one in operation.get("parameters", ()) if one["in"] == "query")
            body = ", ".join(code(kind) for kind in operation.get("requestBody", {}).get("content", {}))
            row = [code(f"{method.upper()} {path}"), told, asked, body]
            routes.setdefault(operation["tags"][0], []).append(row)
    for tag, title in _TAGS.items():
        parts += [f"## {title}\n", table(("route", "what it does", "query", "body"), routes.pop(tag))]
    assert not routes, f"groups without a title: {sorted(routes)}"
    return "\n".join([*parts, "## Schemas\n", *_schemas(document["components"]["schemas"])])


_TAGS = {
    "server": "Native: the server",
    "options": "Native: what can be set",
    "models": "Native: models and texts",
    "downloads": "Native: models that can be had",
    "uploads": "Native: pictures sent once",
    "plan": "Native: plans",
    "jobs": "Native: jobs and events",
    "pictures": "Native: history",
    "chains": "Native: chains",
    "words": "Native: other words",
    "sdapi": "A1111's API",
    "openai": "OpenAI's images API",
    "health": "Seen from outside",
}


_ANSWERS = (
    "Job",
    "JobScript",
    "Picture",
    "TimedPlan",
    "TimedScriptPlan",
    "ScriptInfo",
    "OptionField",
    "DownloadTold",
    "Chain",
    "ChainStep",
)
"""Schemas of answers that have a table of their own; the rest is in the OpenAPI document."""


def _schemas(schemas: Mapping[str, Any]) -> Iterable[str]:
    asked = ("NewJob", "ScriptCall", "PlanBody", "RequestBody", "Marks", "Text", "NewDownload", "NewFolder")
    chains = ("NewChain", "Arrangement", "StepPlace", "NewStep", "Retake", "StepRun")
    for name in (*asked, *chains, *_ANSWERS, "Problem"):
        schema = schemas[name]
        required = schema.get("required", ())
        rows = [
            [code(field), _kind_in_json(told), "yes" if field in required else "", told.get("description", "")]
            for field, told in schema["properties"].items()
        ]
        yield f"### {name}\n"
        yield table(("field", "kind", "required", "what it is"), rows)


def _kind_in_json(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[1]
    if "anyOf" in schema:
        return " or ".join(_kind_in_json(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(map(code, schema["enum"]))
    if "items" in schema:
        return f"list of {_kind_in_json(schema['items'])}"
    return str(schema.get("type", "any"))


PAGES: dict[str, Callable[[], str]] = {
    "request.md": request_page,
    "names.md": names_page,
    "commands.md": commands_page,
    "http.md": http_page,
    "openapi.json": lambda: json.dumps(openapi(), indent=1, ensure_ascii=False) + "\n",
}


def main() -> int:
    """Write the pages, or compare them."""
    checking = "--check" in sys.argv[1:]
    stale: list[str] = []
    for name, page in PAGES.items():
        text, path = page(), FOLDER / name
        text = NOTE + text if path.suffix == ".md" else text
        if checking and (not path.exists() or path.read_text(encoding="utf-8") != text):
            stale.append(name)
        elif not checking:
            FOLDER.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"not up to date: {', '.join(stale)}; run `make docs`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
