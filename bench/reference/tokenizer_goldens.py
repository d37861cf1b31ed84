"""Writes the golden files of TokenizerParityTest: what transformers makes of some 260 mixed strings.

    python bench/reference/tokenizer_goldens.py [NAME FOLDER ...]

Each FOLDER holds a tokenizer; its answers go to text/src/test/resources/tokenizers/NAME.golden.json, the strings to
strings.json beside them. The tokenizers in the folders there are always asked: BpeTrainerTest trains them from
strings.json, and words.golden.json takes the byte lengths of the words into which their pre-tokenizers cut each string.
Offsets are rewritten from code points to UTF-16 units, which Java counts in.
"""

import json
import pathlib
import random
import sys

from transformers import AutoTokenizer

RESOURCES = pathlib.Path(__file__).resolve().parents[2] / "text/src/test/resources/tokenizers"


def strings():
    fixed = [
        "", " ", "  ", "\n", "\t", "\r\n", " \n ", "a", "hello", " hello", "hello ", "Hello, world!", "it's they'll I'D",
        "The quick brown fox jumps over the lazy dog.", "naïve café Ångström", "e\u0301 vs é", "ﬁ ligature Ⅷ ½ ²",
        "你好，世界！", "今天天气很好。我们去公园散步吧", "小明有3个苹果，又买了12个。", "中文 and English 混排", "日本語と한국어",
        "Привет, мир", "مرحبا بالعالم", "שלום", "नमस्ते दुनिया", "ไทย", "😀", "👨‍👩‍👧‍👦 family", "🇨🇳🇺🇸", "a😀b😀", "👍🏽 ok", "𝒜𝓁𝑔", "𠮷野家",
        "0123456789", "1 22 333 4444", "3.14159e-10", "12 + 30 = 42", "-7", "١٢٣", "x=1;y=2", "for (int i = 0; i < n; i++) {\n    sum += a[i];\n}",
        "def f(x):\n\treturn x ** 2\n\n\nprint(f(3))", "SELECT * FROM t WHERE a='b';", "<html><body class=\"x\">&amp;</body></html>",
        "{\"a\": [1, 2, {\"b\": null}]}", "https://example.org/a?b=c&d=%20#e", "user@example.org", "C:\\Users\\x", "/usr/bin/env",
        "a\u0000b", "\u0001\u0002\u001f\u007f", "a\u00a0b", "a\u200bb\u200d\ufeffc", "a\u2028b\u2029c", "\u3000全角\u3000", "\x85next", "a\u202eb",
        "tab\there", "many     spaces", "trailing   ", "   leading", "\n\n\n\n", "a\n\n\nb", " \t \n \r\n x", "a \n b", "\v\f",
        "!!!???...", "---***___", "——……《》「」", "€£¥", "∑∫√≤≠", "→←", "�", "a�b", "'s't're've'm'll'd", "'S 'T 'RE", "don’t", "O'Neil's",
        "<|endoftext|>", "a<|endoftext|>b", "<|im_start|>user\nHi<|im_end|>\n", "<|im_start|>system\n你是助手<|im_end|>\n<|im_start|>user\n😀<|im_end|>",
        "<|im_end|><|im_end|>", " <|im_end|> ", "<|im_endx|>", "<|endoftext", "|>", "<think>\n3 + 4 = 7\n</think>\n<answer>7</answer>",
        "<tool_call>\n{\"name\": \"f\"}\n</tool_call>", "<unk>", "<s>a</s>", "[CLS] a [SEP]", "[PAD]", "a" * 300, "ab " * 100, "。" * 50, " " * 129, "9" * 70,
        "\U0010ffff", "\ue000", "\ufffe", "A\u030a", "\uac00\u1100\u1161", "ǅ ǈ", "ß ẞ", "İı", "ＡＢＣ１２３", "①②③", "㎏", "ᵃᵇ", "\u0300start",
    ]
    pools = [
        "abcdefghijklmnopqrstuvwxyz" * 3 + " " * 20, "ABC xyz 012 ,.!?'\"", " \n\t\r", "的一是了我不在人有他这个们来到时，。！？", "😀😁🤖👩‍🚀🏳️‍🌈",
        "0123456789+-*/= ", "éüñçøåœ ", "(){}[];:<>=&|\n    ", "\u0000\u0007\u001b\u009f a",
    ]
    words = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<think>", "</think>", " the", " and", "'s", "你好", "\n\n", "  ", "🚀", "42"]
    rng = random.Random(7)
    for i in range(150):
        pieces = []
        for _ in range(rng.randint(1, 8)):
            if rng.random() < 0.3:
                pieces.append(rng.choice(words))
            else:
                pool = rng.choice(pools)
                pieces.append("".join(rng.choice(pool) for _ in range(rng.randint(1, 12))))
        fixed.append("".join(pieces))
    return fixed


def units(text):
    at = [0]
    for c in text:
        at.append(at[-1] + (2 if ord(c) > 0xFFFF else 1))
    return at


def golden(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = []
    for text in texts:
        plain = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        at = units(text)
        ids = plain["input_ids"]
        rows.append({
            "ids": ids,
            "withSpecials": tokenizer(text)["input_ids"],
            "starts": [at[s] for s, _ in plain["offset_mapping"]],
            "ends": [at[e] for _, e in plain["offset_mapping"]],
            "decode": tokenizer.decode(ids),
            "decodeText": tokenizer.decode(ids, skip_special_tokens=True),
        })
    special = {}
    for role in ["bos_token", "eos_token", "pad_token", "unk_token"]:
        if getattr(tokenizer, role) is not None:
            special[role] = [getattr(tokenizer, role), getattr(tokenizer, role + "_id")]
    return {"size": max(tokenizer.get_vocab().values()) + 1, "specials": special, "rows": rows}


def words(folder, texts):
    cut = AutoTokenizer.from_pretrained(folder).backend_tokenizer.pre_tokenizer.pre_tokenize_str
    return [[len(word) for word, _ in cut(text)] for text in texts]


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def main(arguments):
    texts = strings()
    RESOURCES.mkdir(parents=True, exist_ok=True)
    write(RESOURCES / "strings.json", texts)
    own = sorted(folder for folder in RESOURCES.iterdir() if folder.is_dir())
    write(RESOURCES / "words.golden.json", {folder.name: words(folder, texts) for folder in own})
    for name, folder in [(folder.name, folder) for folder in own] + list(zip(arguments[::2], arguments[1::2])):
        write(RESOURCES / f"{name}.golden.json", golden(folder, texts))


if __name__ == "__main__":
    main(sys.argv[1:])
