"""A small random T5 and what transformers' generate writes with it: greedy, a padded batch.

Writes infer/src/test/resources/golden/t5/: config.json, model.safetensors, and greedy.json with `prompts`, lists of ids of
unlike length, and for each the ids in `written` up to the end token, which belongs to them, or to `max_new_tokens`.
"""

from common import golden, torch, write_json

import transformers

TOKENS, END = 24, 1
PROMPTS = [[7, 12, 31, 5, 1], [9, 1], [40, 3, 22, 22, 8, 17, 33, 2, 6, 1], [13, 14, 15, 1], [28, 1], [5, 6, 7, 8, 9, 1]]


def main():
    torch.manual_seed(12)
    config = transformers.T5Config(
        vocab_size=44, d_model=24, d_kv=6, num_heads=3, d_ff=40, num_layers=2, num_decoder_layers=2,
        relative_attention_num_buckets=8, relative_attention_max_distance=12, feed_forward_proj="gated-gelu",
        tie_word_embeddings=False, decoder_start_token_id=0, pad_token_id=0, eos_token_id=END,
    )
    model = transformers.T5ForConditionalGeneration(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1:
                # What attention adds outweighs the token itself, which would else be written again and again.
                parameter.normal_(0, 0.2 if name == "shared.weight" else 0.8 if "Attention" in name else 0.3)
        for name, parameter in model.named_parameters():
            if "relative_attention_bias" in name:
                parameter.normal_(0, 3)
        model.lm_head.weight[END] *= 2  # so that some texts end early
    longest = max(map(len, PROMPTS))
    ids = torch.tensor([prompt + [0] * (longest - len(prompt)) for prompt in PROMPTS])
    mask = torch.tensor([[1] * len(prompt) + [0] * (longest - len(prompt)) for prompt in PROMPTS])
    with torch.no_grad():
        out = model.generate(input_ids=ids, attention_mask=mask, do_sample=False, num_beams=1, max_new_tokens=TOKENS)
    written = []
    for row in out[:, 1:].tolist():
        written.append(row[: row.index(END) + 1] if END in row else row)
    folder = golden("infer") / "t5"
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    write_json(folder / "greedy.json", {"max_new_tokens": TOKENS, "end": END, "prompts": PROMPTS, "written": written})
    print([len(row) for row in written])


main()
