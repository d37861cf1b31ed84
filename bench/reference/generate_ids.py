"""Greedy continuations of a real model: 20 prompts through SmolLM2-135M-Instruct's chat template, fp32.

Writes infer/src/test/resources/golden/smollm2_greedy.json. Each case has the messages, the rendered prompt and its
ids, up to 64 generated ids (the end of turn included where it came), their text, and `gap`: the smallest distance in
logits between the chosen token and the runner-up, `gapAt` being the step. Where that gap is small, another order of
summation may rightly choose otherwise from that step on.
"""

import argparse
import os
import pathlib

from common import golden, torch, write_json

import transformers

NEW_TOKENS = 64
DEFAULT_MODEL = os.environ.get("CREMA_SMOLLM2", pathlib.Path.home() / ".cache/real-models/smollm2-135m-instruct/hf")

PIRATE = "You are a pirate. Answer in one sentence."
TERSE = "Answer with a single number and nothing else."
CONVERSATIONS = [
    ["What is the capital of France?"],
    ["Which planet is the largest in the solar system?"],
    ["Who wrote Romeo and Juliet?"],
    ["Name three primary colors."],
    ["What is photosynthesis? Explain it in two sentences."],
    ["How many days are there in a leap year?"],
    ["Write a Python function that returns the factorial of n."],
    ["Write a SQL query that counts the rows of the table `orders`."],
    ["What does the command `git rebase` do?"],
    ["Fix this Java line: int x = \"five\";"],
    ["法国的首都是哪里？"],
    ["请用中文介绍一下北京。"],
    ["Translate to English: 我喜欢喝咖啡。"],
    ["What is 17 + 25?"],
    ["Tom has 12 apples and gives 5 away. How many are left?"],
    [("system", TERSE), "7 * 8"],
    [("system", PIRATE), "How is the weather today?"],
    [("system", "你是一个乐于助人的助手。"), "讲一个短故事。"],
    ["Hi, I am Ada.", ("assistant", "Hello Ada! How can I help you?"), "What is my name?"],
    ["Write a haiku about the sea.\n\n  Use no capital letters! 🌊"],
]


def messages_of(turns):
    pairs = [turn if isinstance(turn, tuple) else ("user", turn) for turn in turns]
    return [{"role": role, "content": content} for role, content in pairs]


def continue_greedily(model, tokenizer, turns):
    messages = messages_of(turns)
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    ids = tokenizer(prompt, add_special_tokens=False, return_tensors="pt").input_ids
    out = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=NEW_TOKENS,
        do_sample=False,
        output_logits=True,
        return_dict_in_generate=True,
    )
    generated = out.sequences[0, ids.shape[1] :]
    best, runner_up = torch.cat(out.logits).topk(2).values.unbind(-1)
    gaps = best - runner_up
    return {
        "messages": messages,
        "prompt": prompt,
        "promptIds": ids[0].tolist(),
        "ids": generated.tolist(),
        "text": tokenizer.decode(generated, skip_special_tokens=True),
        "gap": round(gaps.min().item(), 6),
        "gapAt": gaps.argmin().item(),
    }


if __name__ == "__main__":
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("--model", default=DEFAULT_MODEL, help="the model's Hugging Face folder")
    folder = flags.parse_args().model
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    cases = [continue_greedily(model.eval(), tokenizer, turns) for turns in CONVERSATIONS]
    near = sorted((case["gap"], i, case["gapAt"]) for i, case in enumerate(cases))[:5]
    print("smallest gaps (gap, case, step):", near)
    result = {"newTokens": NEW_TOKENS, "smallestGap": near[0][0], "cases": cases}
    write_json(golden("infer") / "smollm2_greedy.json", result)
