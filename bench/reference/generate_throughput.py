"""The peer's side of the decoding benchmark: transformers' generate on SmolLM2-135M's shape with random weights.

In bf16, or with --dtype fp32, for processors without products in bf16: prompts of 64 random tokens, 128 new tokens,
sampled at temperature 1, never ending early. Prints one JSON document: new tokens per second over the whole batch,
prefill included, as the median of --repetitions runs after a short warm-up. With --samples N the batch is that many
samples of each prompt, as reinforcement learning draws them.
"""

import argparse

from common import machine, median_seconds, peak_memory_mb, report, torch

import transformers

CONFIG = transformers.LlamaConfig(
    vocab_size=49152,
    hidden_size=576,
    intermediate_size=1536,
    num_hidden_layers=30,
    num_attention_heads=9,
    num_key_value_heads=3,
    max_position_embeddings=8192,
    tie_word_embeddings=True,
)


def main():
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("--batch", type=int, default=1)
    flags.add_argument("--samples", type=int, default=1)
    flags.add_argument("--prompt-tokens", type=int, default=64)
    flags.add_argument("--new-tokens", type=int, default=128)
    flags.add_argument("--dtype", choices=["bf16", "fp32"], default="bf16")
    flags.add_argument("--repetitions", type=int, default=5)
    chosen = flags.parse_args()

    torch.manual_seed(1)
    dtype = torch.bfloat16 if chosen.dtype == "bf16" else torch.float32
    model = transformers.AutoModelForCausalLM.from_config(CONFIG, dtype=dtype).eval()
    ids = torch.randint(3, CONFIG.vocab_size, (chosen.batch // chosen.samples, chosen.prompt_tokens))

    def generate(count):
        model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            min_new_tokens=count,
            max_new_tokens=count,
            do_sample=True,
            temperature=1.0,
            top_k=0,
            num_return_sequences=chosen.samples,
            pad_token_id=0,
        )

    generate(4)
    seconds = median_seconds(lambda: generate(chosen.new_tokens), chosen.repetitions)
    prefill = median_seconds(lambda: generate(1), chosen.repetitions)
    result = {
        "what": "generate_throughput",
        "dtype": chosen.dtype,
        "batch": chosen.batch,
        "samples": chosen.samples,
        "prompt_tokens": chosen.prompt_tokens,
        "new_tokens": chosen.new_tokens,
        "tokens_per_second": round(chosen.batch * chosen.new_tokens / seconds, 1),
        "prefill_tokens_per_second": round(chosen.batch * chosen.prompt_tokens / prefill, 1),
        "peak_memory_mb": peak_memory_mb(),
    }
    report(result | machine())


if __name__ == "__main__":
    main()
