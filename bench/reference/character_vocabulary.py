"""What transformers reads in a character vocabulary that Crema wrote.

data/src/test/resources/golden/character-vocabulary holds tokenizer.json, as CharacterVocabulary writes it for the first
text below, and cases.json, made here: for each text its ids and what they decode to. "Z" is in no vocabulary.
"""

from common import golden, write_json

from transformers import PreTrainedTokenizerFast

FOLDER = golden("data") / "character-vocabulary"
TEXTS = ['To be,\n\n  or not\tto be: é 中文 🙂 "quoted\\"\n ', "", "\n", "  ", "b🙂\n中 e", "toZbe"]

tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(FOLDER / "tokenizer.json"), unk_token="<unk>")
cases = []
for text in TEXTS:
    ids = tokenizer.encode(text)
    cases.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids)})
assert all(case["decoded"] == case["text"] for case in cases[:-1])
write_json(FOLDER / "cases.json", {"cases": cases})
