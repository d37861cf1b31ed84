"""Precision, recall and F1 of entities by seqeval 1.2, with its default: tags need not be well formed.

Writes train/src/test/resources/golden/entity_f1.json: of each case the tags `wanted` and `found` of some texts and seqeval's
`scores`, [precision, recall, f1].
"""

import random
import warnings

from common import golden, write_json

from seqeval.metrics import f1_score, precision_score, recall_score

TAGS = {
    "iob2": ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"],
    "loose": ["O", "I-PER", "I-LOC", "B-PER", "B", "I", "E-PER", "S-LOC", "E-LOC", "B-a-b", "I-a-b"],
}


def cases():
    random.seed(5)
    for name, tags in TAGS.items():
        for texts in (1, 2, 6):
            for noise in (0.1, 0.4, 1.0):
                wanted = [random.choices(tags, k=random.randint(1, 9)) for _ in range(texts)]
                found = [[random.choice(tags) if random.random() < noise else tag for tag in row] for row in wanted]
                scores = [score(wanted, found, zero_division=0) for score in (precision_score, recall_score, f1_score)]
                yield {"tags": name, "wanted": wanted, "found": found, "scores": [float(score) for score in scores]}
    yield {"tags": "none", "wanted": [["O", "O"]], "found": [["O", "O"]], "scores": [0.0, 0.0, 0.0]}


warnings.simplefilter("ignore")
write_json(golden("train") / "entity_f1.json", {"cases": list(cases())})
