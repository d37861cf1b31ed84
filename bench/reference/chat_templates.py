"""Writes the golden files of the chat template tests: what transformers makes of the same templates and chats.

    python bench/reference/chat_templates.py features
        text/src/test/resources/chat/features.json: small templates, one or more for each feature of the language;
        every case has a template, its variables and either the output or, where Python raises, "error".
    python bench/reference/chat_templates.py models FOLDER
        text/src/test/resources/chat/models.json: chats through every *.jinja of FOLDER, templates of published models;
        "cases" are the chats, "results" holds for each template one entry a case: the length in UTF-16 units and the
        first 16 hex digits of SHA-256 of the UTF-8 output, or "error"; "spans" holds what transformers' assistant
        mask says where the template has generation blocks, in UTF-16 units.
    python bench/reference/chat_templates.py show FOLDER NAME CASE
        standard output: one of those outputs.

The clock stands at 2024-07-26 10:05:09.
"""

import datetime
import hashlib
import itertools
import json
import pathlib
import re
import sys

from transformers.utils import chat_template_utils as utils

from chat_template_features import FEATURES

RESOURCES = pathlib.Path(__file__).resolve().parents[2] / "text/src/test/resources/chat"
SPECIALS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}


class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26, 10, 5, 9)


utils.datetime = Clock


def units(text, end):
    return len(text[:end].encode("utf-16-le")) // 2


def render(template, case, mask=False):
    messages = utils._normalize_chat_messages(case["messages"])
    texts, spans = utils.render_jinja_template(
        conversations=[messages],
        tools=case.get("tools"),
        documents=case.get("documents"),
        chat_template=template,
        add_generation_prompt=case.get("prompt", False),
        return_assistant_tokens_mask=mask,
        **SPECIALS,
        **case.get("variables", {}),
    )
    return texts[0], [[units(texts[0], a), units(texts[0], b)] for a, b in spans[0]] if mask else []


def tool(name, description, properties, required):
    parameters = {"type": "object", "properties": properties, "required": required}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


WEATHER = tool(
    "get_weather",
    "Look up the weather in <a city> & \"say\" it's so",
    {
        "city": {"type": "string", "description": "The city, e.g. Zürich"},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
        "days": {"type": "integer", "minimum": 1, "description": "How many"},
    },
    ["city"],
)
NESTED = tool(
    "book",
    "Book a table",
    {
        "guests": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
        "when": {"anyOf": [{"type": "string"}, {"type": "number"}], "nullable": True},
        "options": {"type": "object", "properties": {"outside": {"type": "boolean"}}, "additionalProperties": False},
        "ratio": {"type": ["number", "null"], "default": 0.5},
    },
    ["guests", "when"],
)
NOTHING = {"type": "function", "function": {"name": "now", "description": "", "parameters": {"type": "object", "properties": {}}}}


def call(name, arguments, id="abcdef123"):
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def system(text):
    return {"role": "system", "content": text}


def user(text):
    return {"role": "user", "content": text}


def assistant(text, **more):
    return {"role": "assistant", "content": text, **more}


def result(text, name="get_weather", id="abcdef123"):
    return {"role": "tool", "name": name, "tool_call_id": id, "content": text}


ARGUMENTS = {"city": "Zürich \"HB\"", "days": 3, "exact": True, "none": None, "ratio": 1e-7, "list": [1, 2.0, {"a": "b\nc"}]}
CHATS = {
    "user": [user("Hello, who are you?")],
    "system": [system("You are terse."), user("Hi"), assistant("Hello!")],
    "turns": [user("1 + 1?"), assistant("2"), user("And 2 + 2?"), assistant("4"), user("Thanks")],
    "system_turns": [system("Rules."), user("a"), assistant("b"), user("c"), assistant("d")],
    "unicode": [system("规则：简短。"), user("你好 😀 naïve\u00a0é\u2028x"), assistant("世界 👍🏽 \"quoted\" 'single' <b>&amp;</b>")],
    "lines": [user("  line one\n\n\tline two  \n"), assistant("\n\nanswer\r\nwith\n\n  space  \n\n")],
    "empty": [user(""), assistant("")],
    "thinking": [user("Why?"), assistant("<think>\nBecause.\n</think>\n\nSo."), user("Sure?"), assistant("<think>hm</think>Yes.")],
    "reasoning": [user("Why?"), assistant("So.", reasoning_content="Because."), user("Sure?"), assistant("Yes.", reasoning_content="hm\n")],
    "braces": [user("{{ x }} {% if %} {# no #} %s {} {0}"), assistant("$1 \\n \\ {}")],
    "call": [user("Weather?"), assistant("", tool_calls=[call("get_weather", ARGUMENTS)]), result("{\"degrees\": 21}")],
    "call_null": [user("Weather?"), assistant(None, tool_calls=[call("get_weather", {"city": "Bern"})]), result("sunny"), assistant("Sunny.")],
    "call_text": [system("S"), user("Weather?"), assistant("Let me see.", tool_calls=[call("get_weather", {"city": "Bern"})]), result("sunny"), assistant("Sunny."), user("Thanks")],
    "call_string": [user("Weather?"), assistant("", tool_calls=[call("get_weather", "{\"city\": \"Bern\"}")]), result("sunny"), assistant("It is.")],
    "calls": [
        user("Weather twice?"),
        assistant("", tool_calls=[call("get_weather", {"city": "A"}, "callaaaa1"), call("now", {}, "callbbbb2")]),
        result("one", id="callaaaa1"), result("two", "now", "callbbbb2"), assistant("Both."), user("More"),
    ],
    "call_reasoned": [user("Weather?"), assistant("", reasoning_content="look\nit up", tool_calls=[call("get_weather", {"city": "Bern", "days": 2})]), result("sunny")],
    "result_object": [user("Weather?"), assistant("", tool_calls=[call("get_weather", {})]), {"role": "tool", "name": "get_weather", "tool_call_id": "abcdef123", "content": {"degrees": 21.5, "ok": True}}],
    "parts": [user([{"type": "text", "text": "What is "}, {"type": "text", "text": "this?"}]), assistant([{"type": "text", "text": "It."}])],
    "image": [user([{"type": "image"}, {"type": "text", "text": "What?"}])],
    "assistant_first": [assistant("Hi"), user("Hello")],
    "two_users": [user("a"), user("b")],
    "two_systems": [system("a"), system("b"), user("c")],
    "developer": [{"role": "developer", "content": "Be kind."}, user("Hi")],
    "odd_role": [user("Hi"), {"role": "critic", "content": "Bad."}],
    "no_content": [{"role": "user"}],
    "named": [{"role": "user", "name": "Ann", "content": "Hi"}, assistant("Yes", name="Bot")],
}
TOOLS = [WEATHER, NESTED, NOTHING]
DOCUMENTS = [{"title": "Cats", "text": "Cats purr."}, {"title": "Dogs", "text": "Dogs \"bark\"."}]
EXTRA = [
    ("thinking_off", {"variables": {"enable_thinking": False}}),
    ("thinking_on", {"variables": {"enable_thinking": True}}),
    ("thinking_flag", {"variables": {"thinking": True, "reasoning_effort": "high"}}),
    ("documents", {"documents": DOCUMENTS}),
    ("date", {"variables": {"date_string": "1 Jan 2025"}}),
    ("in_user", {"tools": TOOLS, "variables": {"tools_in_user_message": False}}),
]


def cases():
    for name, messages in CHATS.items():
        yield {"name": name, "messages": messages}
        yield {"name": name + "+prompt", "messages": messages, "prompt": True}
        tools = [WEATHER] if "call" in name else TOOLS
        yield {"name": name + "+tools", "messages": messages, "tools": tools, "prompt": True}
    for (suffix, extra), chat in itertools.product(EXTRA, ["user", "system_turns", "thinking", "reasoning", "call_text"]):
        yield {"name": f"{chat}+{suffix}", "messages": CHATS[chat], "prompt": True, **extra}


def digest(text):
    return f"{units(text, len(text))}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def models(folder):
    every = list(cases())
    golden = {"specials": SPECIALS, "cases": every, "results": {}, "spans": {}}
    for file in sorted(pathlib.Path(folder).glob("*.jinja")):
        template = file.read_text()
        marks = re.search(r"\{%-?\s*generation\s*-?%\}", template)
        results, spans = [], []
        for case in every:
            try:
                text, places = render(template, case, bool(marks))
                results.append(digest(text))
                spans.append(places)
            except Exception:
                results.append("error")
                spans.append([])
        golden["results"][file.name] = results
        if marks:
            golden["spans"][file.name] = spans
    write("models.json", golden)


def features():
    results = []
    for name, template, *rest in FEATURES:
        variables = rest[0] if rest else {}
        entry = {"name": name, "template": template, "variables": variables}
        try:
            plain = utils._plain_template_data(variables)
            entry["output"] = utils._compile_jinja_template(template).render(**plain)
        except Exception:
            entry["error"] = True
        results.append(entry)
    write("features.json", results)


def write(name, golden):
    RESOURCES.mkdir(parents=True, exist_ok=True)
    lines = json.dumps(golden, ensure_ascii=False, separators=(",", ":"))
    (RESOURCES / name).write_text(lines + "\n")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["features"]:
            features()
        case ["models", folder]:
            models(folder)
        case ["show", folder, name, wanted]:
            chosen = next(case for case in cases() if case["name"] == wanted)
            print(render((pathlib.Path(folder) / name).read_text(), chosen)[0], end="")
        case _:
            sys.exit(__doc__)
