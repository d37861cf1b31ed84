package dev.crema.data;

/** The shapes of records that JSON Lines files and JSON arrays come in. */
public enum RecordFormat {
    /** The format that the first record of each file has. */
    DETECT,
    /** {@code {"text": "..."}}. */
    TEXT,
    /** {@code {"prompt": "...", "completion": "..."}}; with lists of messages in both it reads as a chat. */
    COMPLETION,
    /** {@code {"messages": [{"role": "user", "content": "..."}, ...]}}, with {@code tools} where there are any. */
    CHAT,
    /** {@code {"conversations": [{"from": "human", "value": "..."}, ...]}}, as ShareGPT. */
    SHAREGPT,
    /** {@code {"instruction": "...", "input": "...", "output": "..."}}, as Alpaca. */
    ALPACA,
    /** {@code {"question": "...", "answer": "..."}}, as GSM8K, read as a chat of one turn. */
    QUESTION_ANSWER,
    /** {@code {"question" or "prompt": "...", "answer": "..."}}, read as a problem for reinforcement learning. */
    PROBLEM,
    /** {@code {"tokens": ["EU", ...], "ner_tags": ["B-ORG", ...]}}, as CoNLL-2003; the tags may be numbers of labels. */
    TAGGED
}
