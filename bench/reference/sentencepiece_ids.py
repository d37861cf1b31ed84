"""Small SentencePiece models and the ids that transformers gives texts with them.

Writes text/src/test/resources/sentencepiece/: unigram.model (normalised by nmt_nfkc; the first pieces are T5's) and bpe.model
(with bytes), and ids.json: `texts`, and for each class the `ids` with special tokens. XLM-RoBERTa's class puts its own
tokens in the place of the first three pieces, whatever they are, so one file serves both.
"""

import json
import pathlib
import shutil
import sys
import tempfile

from common import ROOT, write_json

import io

import sentencepiece
import transformers

TARGET = ROOT / "text/src/test/resources/sentencepiece"
TEXTS = [
    "The quick brown fox jumps over the lazy dog.", "  two  spaces,   three ", "tabs\tand\nnew lines\r\n", "", " ", "\u3000全角　空格",
    "Ｆｕｌｌ－ｗｉｄｔｈ ＡＢＣ １２３", "ﬁne ligatures, ½ and ² and ™", "naïve café Ångström", "e\u0301 combining", "漢字と仮名交じり文", "中文分词，标点。",
    "emoji 🙂🏽 and 👩‍👩‍👧", "soft\u00adhyphen zero\u200bwidth", "control\u0001chars\u007f", "1234567890 3.14159", "a" * 300, "http://example.com/a?b=c&d=e#f",
    "def f(x):\n    return x + 1", "</s> in the text", "<s> begins", "<unk> unknown", "<extra_id_0> and <extra_id_9>", "<mask> here", "▁ the sign itself ▁▁",
    "Ĝis la revido", "Привет, мир", "שלום", "مرحبا بالعالم", "ไทย", "한국어 텍스트", "㍿ ㎏ ℃", "Ⅷ Ⅻ", "x² + y₃", "…—–‘’“”", "\ufeffBOM", "mixed 中English文 text",
]


def corpus():
    for name in ("README.md", "README.zh-CN.md", "docs/data.md", "docs/architecture.md"):
        yield from (line for line in (ROOT / name).read_text().split("\n") if line.strip())


def train(name, **settings):
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=corpus(), model_writer=out, minloglevel=2, vocab_size=900, character_coverage=0.98, **settings
    )
    (TARGET / name).write_bytes(out.getvalue())


def ids(name, file, config):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(TARGET / file, pathlib.Path(folder) / name)
        (pathlib.Path(folder) / "tokenizer_config.json").write_text(json.dumps(config))
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        return {"file": name, "model": file, "config": config, "ids": [tokenizer(text)["input_ids"] for text in TEXTS]}


TARGET.mkdir(parents=True, exist_ok=True)
if "--train" in sys.argv:
    train("unigram.model", model_type="unigram", pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    train("bpe.model", model_type="bpe", byte_fallback=True, normalization_rule_name="identity",
          remove_extra_whitespaces=False, split_digits=True, add_dummy_prefix=True)
cases = [
    ids("spiece.model", "unigram.model", {"tokenizer_class": "T5Tokenizer", "extra_ids": 10}),
    ids("sentencepiece.bpe.model", "unigram.model", {"tokenizer_class": "XLMRobertaTokenizer"}),
    ids("tokenizer.model", "bpe.model", {"tokenizer_class": "LlamaTokenizer", "legacy": True}),
    ids("tokenizer.model", "bpe.model", {"tokenizer_class": "LlamaTokenizerFast", "legacy": False, "add_bos_token": True, "add_eos_token": True}),
]
write_json(TARGET / "ids.json", {"texts": TEXTS, "cases": cases})
